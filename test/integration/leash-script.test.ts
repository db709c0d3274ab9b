import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { leashCommand } from '../../src/run/leash/leash-script.js';
import { ensureShells, SHELLS, type ShellName } from '../fleet/ensure-shells.js';
import { armLeash } from './armed-leash.js';

let shells: Readonly<Record<ShellName, string>>;
let folder: string;

beforeAll(() => {
  shells = ensureShells((line) => console.log(line));
  folder = mkdtempSync(join(tmpdir(), 'pt-'));
  // Its siblings are what a leash ends, and here those are this test's own processes: it is to see none.
  // But for the server: whoever asks for names is told one that it knows.
  const names = `case "$*" in *comm=*) exec /bin/ps -A -o pid= -o comm= | sed "s/\\([0-9]\\) .*/\\1 $SERVER/";; esac`;
  writeFileSync(join(folder, 'ps'), `#!/bin/sh\n${names}\nexit 0\n`);
  chmodSync(join(folder, 'ps'), 0o755);
}, 300_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each([0.2, 1, 5, 3600])(
  'with a grace of %s s nothing in it means different things to two shells',
  (grace) => {
    const inner = /^exec sh -c '(.*)' '\$'\\!''$/.exec(
      leashCommand({ graceSeconds: grace, silenceSeconds: 45 }),
    )?.[1];
    expect(inner).toBeDefined();
    expect(inner).not.toMatch(/['!\\\n\r]/);
    expect(inner).toMatch(/^[ -~]+$/);
  },
);

describe.each(SHELLS)('%s', (shell) => {
  interface Talk {
    readonly pid: number | undefined;
    readonly out: string;
    readonly err: string;
    readonly code: unknown;
    readonly signal: unknown;
    readonly durationMs: number;
  }

  /** Says the words once it is armed, one each time; then the input ends, or is held open. */
  async function talk(
    words: readonly string[],
    silenceSeconds = 45,
    everyMs: number | null = null,
    server = 'sshd-session',
  ): Promise<Talk> {
    const env = { HOME: folder, PATH: `${folder}:${process.env.PATH}`, SERVER: server };
    const command = leashCommand({ graceSeconds: 1, silenceSeconds });
    const { child, said, closed } = await armLeash(shells[shell], command, {
      env,
      cwd: folder,
      deadlineMs: 10_000,
    });
    const started = performance.now();
    const left = [...words];
    const timer =
      everyMs === null
        ? null
        : setInterval(() => left.length > 0 && child.stdin.write(`${left.shift()}\n`), everyMs);
    if (timer === null) child.stdin.end(words.map((word) => `${word}\n`).join(''));
    const [code, signal] = await closed;
    if (timer !== null) clearInterval(timer);
    child.stdin.destroy();
    return { pid: child.pid, ...said, code, signal, durationMs: performance.now() - started };
  }

  test('says which process it is, and leaves at q', async () => {
    const { pid, ...rest } = await talk(['q', 'l']);
    expect(rest).toMatchObject({ out: `leash waits\nleash ${pid}\n`, err: '', code: 0 });
  });

  test('where ps tells nothing it knows no session, signals nothing and ends with its input', async () => {
    const { pid, ...rest } = await talk(['l', 's TERM', 'nonsense']);
    expect(rest).toMatchObject({ out: `leash waits\nleash ${pid}\nn 0\nn 0\n`, err: '', code: 0 });
  });

  test.each(['init', 'node', 'systemd', 'sh'])('arms itself under no %s', async (server) => {
    const { out, code } = await talk([], 45, null, server);
    expect({ out, code }).toEqual({ out: 'leash waits\n', code: 0 });
  });

  test('each word puts its end off; without one for the silence it says so and ends by itself', async () => {
    const words = ['b', 'b', 'l', 'b', 'b'];
    const { pid, durationMs, ...rest } = await talk(words, 1, 500);
    expect(rest).toEqual({
      out: `leash waits\nleash ${pid}\nn 0\nlost\n`,
      err: '',
      code: null,
      signal: 'SIGTERM',
    });
    expect(durationMs).toBeGreaterThan(words.length * 500 + 500);
    expect(durationMs).toBeLessThan(15_000);
  });
});
