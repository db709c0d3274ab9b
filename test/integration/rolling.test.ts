import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { until } from '../fleet/until.js';
import { BIN, parseRun } from './cli.js';
import { makeScene, onTwoServers } from './scene.js';
import { startTerminal } from './terminal.js';

const NODES = Array.from({ length: 8 }, (_, place) => `node${place + 1}`);

const scene = makeScene(() => onTwoServers(NODES));
const { run } = scene;
/** Each host leaves a file with its name as it runs. */
const mark = (): string => `touch ${scene.here}/ran-$PSSH_HOST`;
const marks = (): string[] =>
  readdirSync(scene.here)
    .filter((name) => name.startsWith('ran-'))
    .map((name) => name.slice(4))
    .sort();
const statuses = (result: Awaited<ReturnType<typeof run>>): string[] =>
  parseRun(result).results.map(({ host, status }) => `${host} ${status}`);

describe('--serial', () => {
  test('1,25%,100% with --max-fail 1 and --health stops where it should and says what was left', async () => {
    // 1, then 2, then 5. The second batch loses one to its command and one to its health: two are more than one.
    const command = `${mark()}; test $PSSH_HOST != node2`;
    const healthy = `test -e ${scene.here}/ran-$PSSH_HOST && test $PSSH_HOST != node3`;
    const result = await run([
      ...['-H', 'node[1-8]', 'exec', '--serial', '1,25%,100%', '--max-fail', '1', '--json'],
      ...['--health', healthy, '--health-timeout', '3', command],
    ]);
    expect(result.code).toBe(5);
    expect(marks()).toEqual(['node1', 'node2', 'node3']);
    const of = (host: string) => parseRun(result).results.filter((one) => one.host === host);
    expect(of('node1').map(({ status }) => status)).toEqual(['ok', 'ok']);
    expect(of('node2').map(({ status }) => status)).toEqual(['failed', 'skipped']);
    expect(of('node3').map(({ status, exitCode }) => [status, exitCode])).toEqual([
      ['ok', 0],
      ['failed', 1],
    ]);
    expect(of('node4')).toMatchObject([
      { status: 'skipped', skippedBy: 'failure' },
      { status: 'skipped', skippedBy: 'failure' },
    ]);
    expect(parseRun(result).summary).toMatchObject({ total: 8, ok: 1, failed: 2, skipped: 5 });
    expect(result.err).toMatch(/node3: not healthy after \d+ tr(y|ies) within 3\.0s: test -e/);
    expect(result.err).toContain('2 of 8 hosts failed, more than are allowed: no further host starts\n');
    expect(result.err).toMatch(/^pssh-ts: 2 of 8 hosts failed, 5 not begun in /m);
    expect(result.err).toContain('\n  skipped: node[4-8]: not begun\n');
  });

  test('one failure is one too many by itself; a batch begins when the one before has ended', async () => {
    const result = await run([
      ...['-H', 'node[1-6]', 'exec', '--serial', '2', '--json'],
      `ls ${scene.here} | grep -c ran- ; ${mark()}; test $PSSH_HOST != node4`,
    ]);
    expect(result.code).toBe(5);
    expect(marks()).toEqual(['node1', 'node2', 'node3', 'node4']);
    const seen = parseRun(result).results.map(({ stdout }) => stdout.trim());
    expect(seen.slice(2, 4).every((count) => Number(count) >= 2)).toBe(true);
    expect(result.err).toContain('skipped: node[5-6]: not begun');
  });

  test('--keep-going does them all', async () => {
    const args = ['-H', 'node[1-4],dead1', 'exec', '--serial', '1', '--keep-going', `${mark()}; exit 3`];
    const result = await run(args);
    expect(result.code).toBe(4);
    expect(marks()).toEqual(['node1', 'node2', 'node3', 'node4']);
    expect(result.err).toMatch(/5 of 5 hosts failed in /);
  });

  test('put goes batch by batch too, and --health is asked behind it', async () => {
    writeFileSync(join(scene.here, 'app.ini'), 'x\n');
    const command = ['put', '--serial', '1', '--health', 'test $PSSH_HOST != node2', '--health-timeout', '2'];
    const result = await run([
      '-H',
      'node[1-3]',
      ...command,
      '--json',
      'app.ini',
      `${scene.here}/{host}.ini`,
    ]);
    expect(result.code).toBe(5);
    expect(existsSync(join(scene.here, 'node2.ini'))).toBe(true);
    expect(existsSync(join(scene.here, 'node3.ini'))).toBe(false);
    expect(statuses(result).slice(2)).toEqual(['node2 ok', 'node2 failed', 'node3 skipped', 'node3 skipped']);
  });

  test('--dry-run says the batches', async () => {
    const result = await run(['-H', 'node[1-8]', 'exec', '--serial', '1,25%,100%', '--dry-run', 'id']);
    expect(result.err).toContain(', batches of 1, 2, 5; nothing was run');
  });

  test('the pause lies between batches, and the deadline ends it', async () => {
    const result = await run([
      ...['-H', 'node[1-2]', 'exec', '--serial', '1', '--batch-pause', '1h', '--deadline', '5'],
      mark(),
    ]);
    expect(result.code).toBe(3);
    expect(marks()).toEqual(['node1']);
    expect(result.err).toContain('skipped: node2: not begun at the deadline of 5.0s');
    expect(result.durationMs).toBeLessThan(40_000);
  });
});

describe('--health', () => {
  test('is tried until it succeeds; what is shown is the last try', async () => {
    const tries = `echo try >> ${scene.here}/tries; wc -l < ${scene.here}/tries; test $(wc -l < ${scene.here}/tries) -ge 3`;
    const result = await run(['-H', 'node1', 'exec', '--health', tries, '--json', 'true']);
    expect(result.code).toBe(0);
    expect(readFileSync(join(scene.here, 'tries'), 'utf8')).toBe('try\n'.repeat(3));
    expect(parseRun(result).results[1]).toMatchObject({ status: 'ok', command: tries, stdout: '3\n' });
    expect(parseRun(result).command).toBe('true');
  });

  test('one that hangs is ended at its deadline', async () => {
    const args = ['-H', 'node1', 'exec', '--health', 'sleep 600', '--health-timeout', '1', '--json', 'true'];
    const result = await run(args);
    expect(result.code).toBe(3);
    expect(parseRun(result).results[1]).toMatchObject({ status: 'timed-out', killed: 'confirmed' });
  });

  test('a connection that is lost meanwhile is made again', async () => {
    // The first try ends the server's process of its own connection.
    const health = `echo try >> ${scene.here}/tries; test $(wc -l < ${scene.here}/tries) -ge 2 || kill -9 $PPID; echo up`;
    const before = await scene.fleet.logins('node2');
    const result = await run(['-H', 'node2', 'exec', '--health', health, '--json', 'true']);
    expect(parseRun(result).results[1]).toMatchObject({ status: 'ok', stdout: 'up\n' });
    expect(readFileSync(join(scene.here, 'tries'), 'utf8')).toBe('try\ntry\n');
    expect(await scene.fleet.logins('node2')).toBeGreaterThan(before);
  });

  test.each([
    [['--health', ' '], /--health: the command is empty/],
    [['--health-timeout', '5'], /--health-timeout is about --health/],
    [['--serial', '0'], /a batch of "0" is none/],
    [['--keep-going', '--fail-fast'], /contradict each other/],
    [['--step'], /--step asks on a terminal, and there is none/],
    [['--step', '-I'], /-I and --step would both read our input/],
  ])('%j is refused', async (args, reason) => {
    const result = await run(['-H', 'node1', 'exec', ...args, mark()]);
    expect(result.code).toBe(2);
    expect(result.err).toMatch(reason);
    expect(marks()).toEqual([]);
  });
});

describe('failures', () => {
  test('--max-fail without batches: what has not started stays so, what runs ends', async () => {
    const command = `${mark()}; case $PSSH_NODENUM in 0|1) exit 1;; *) sleep 1;; esac`;
    const result = await run(['-f', '3', '-H', 'node[1-8]', 'exec', '--max-fail', '1', '--json', command]);
    expect(result.code).toBe(5);
    const { summary } = parseRun(result);
    expect(summary).toMatchObject({ total: 8, failed: 2, canceled: 0 });
    expect(summary.skipped).toBeGreaterThanOrEqual(4);
    expect(marks()).toHaveLength(8 - (summary.skipped ?? 0));
  });

  test('--fail-fast ends the running ones', async () => {
    const command = `${mark()}; test $PSSH_HOST = node1 || exec sleep 600; while test $(ls ${scene.here} | grep -c ran-) -lt 3; do sleep 0.1; done; exit 7`;
    const result = await run(['-f', '3', '-H', 'node[1-4]', 'exec', '--fail-fast', '--json', command]);
    expect(statuses(result)).toEqual(['node1 failed', 'node2 canceled', 'node3 canceled', 'node4 skipped']);
    expect(parseRun(result).results[1]?.killed).toBe('confirmed');
    expect(result.code).toBe(3);
    expect(result.err).toContain('1 of 4 hosts failed, more than are allowed: the others are cancelled');
  });
});

describe('--step', () => {
  test('asks before each batch; no leaves the rest out, and all asks no more', async () => {
    const args = ['-F', scene.fleet.configPath, '-H', 'node[1-4]', 'exec', '--step', '--serial', '1', mark()];
    const terminal = startTerminal([process.execPath, BIN, ...args], scene.fleet.env);
    try {
      await terminal.waitFor(/batch 1 of 4: node1; go on\?/);
      terminal.type('what?');
      await terminal.waitFor(/what\?\s+pssh-ts: batch 1 of 4/);
      terminal.type('y');
      await terminal.waitFor(/batch 2 of 4: node2; go on\?/);
      await until(() => marks().length === 1, { deadlineMs: 30_000, what: 'the first batch' });
      terminal.type('n');
      const screen = await terminal.waitFor(/ended 0/);
      expect(screen).toContain('1 of 4 hosts ok, 3 left out in');
      expect(screen).toContain('left out: node[2-4]');
      expect(marks()).toEqual(['node1']);
    } finally {
      terminal.end();
    }
    const other = startTerminal([process.execPath, BIN, ...args], scene.fleet.env);
    try {
      await other.waitFor(/batch 1 of 4/);
      other.type('a');
      expect(await other.waitFor(/ended 0/)).toContain('4 hosts ok');
    } finally {
      other.end();
    }
  });

  test('^C at the question ends the run', async () => {
    const args = ['-F', scene.fleet.configPath, '-H', 'node[1-2]', 'exec', '--step', '--serial', '1', mark()];
    const terminal = startTerminal([process.execPath, BIN, ...args], scene.fleet.env);
    try {
      await terminal.waitFor(/batch 1 of 2/);
      terminal.press('C-c');
      await terminal.waitFor(/still running on no host; \^C again/);
      terminal.press('C-c');
      expect(await terminal.waitFor(/ended 130/)).toContain('2 not begun');
      expect(marks()).toEqual([]);
    } finally {
      terminal.end();
    }
  });
});
