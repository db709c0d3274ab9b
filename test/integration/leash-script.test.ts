import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { leashCommand } from '../../src/run/leash/leash-script.js';
import { ensureShells, SHELLS, type ShellName } from '../fleet/ensure-shells.js';

let shells: Readonly<Record<ShellName, string>>;
let folder: string;

beforeAll(() => {
  shells = ensureShells((line) => console.log(line));
  folder = mkdtempSync(join(tmpdir(), 'pt-'));
  // Its siblings are what a leash ends, and here those are this test's own processes: it is to see none.
  writeFileSync(join(folder, 'ps'), '#!/bin/sh\nexit 0\n');
  chmodSync(join(folder, 'ps'), 0o755);
}, 300_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each([0.2, 1, 5, 3600])(
  'with a grace of %s s nothing in it means different things to two shells',
  (grace) => {
    const inner = /^exec sh -c '(.*)'$/.exec(leashCommand(grace))?.[1];
    expect(inner).toBeDefined();
    expect(inner).not.toMatch(/['!\\\n\r]/);
    expect(inner).toMatch(/^[ -~]+$/);
  },
);

describe.each(SHELLS)('%s', (shell) => {
  async function talk(
    input: string,
  ): Promise<{ pid: number | undefined; out: string; code: unknown; err: string }> {
    const env = { HOME: folder, PATH: `${folder}:${process.env.PATH}` };
    const child = spawn(shells[shell], ['-c', leashCommand(1)], { env, cwd: folder });
    let out = '';
    let err = '';
    child.stdout.on('data', (chunk: Buffer) => (out += chunk));
    child.stderr.on('data', (chunk: Buffer) => (err += chunk));
    child.stdin.end(input);
    const [code] = await once(child, 'close');
    return { pid: child.pid, out, err, code };
  }

  test('says which process it is, and leaves at q', async () => {
    const { pid, ...rest } = await talk('q\nl\n');
    expect(rest).toEqual({ out: `leash ${pid}\n`, err: '', code: 0 });
  });

  test('where ps tells nothing it knows no session, signals nothing and ends with its input', async () => {
    const { pid, ...rest } = await talk('l\ns TERM\nnonsense\n');
    expect(rest).toEqual({ out: `leash ${pid}\nn 0\nn 0\n`, err: '', code: 0 });
  });
});
