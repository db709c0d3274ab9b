import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseReport } from '../../src/run/jobs/job-report.js';
import { cleanCommand, killCommand, startCommand, stateCommand } from '../../src/run/jobs/job-scripts.js';
import { until } from '../fleet/until.js';
import { tempFolder } from '../unit/temp-folder.js';

/* What hosts have that are not like the test's: run here, with the programs that such a host would have. */
const folder = tempFolder();
const USUAL = 'sh cat chmod date env grep head mkdir mv ps rm sleep tail tr wc who sysctl'.split(' ');
const MARK = 'abcdef0123456789';

let bin: string;
beforeEach(() => {
  bin = folder.file('bin');
  mkdirSync(bin);
  mkdirSync(folder.file('home'));
  for (const name of USUAL) give(name);
});

afterEach(() => run(killCommand('j', 200)));

const find = (name: string): string =>
  execFileSync('/bin/sh', ['-c', `PATH=/usr/bin:/bin:/usr/sbin:/sbin:$PATH command -v ${name}`], {
    encoding: 'utf8',
  }).trim();
function give(name: string, as = name): void {
  symlinkSync(find(name), join(bin, as));
}
/** A program of our own in place of what was given. Its link goes first, and nothing is ever written through one. */
function fake(name: string, text: string): void {
  rmSync(join(bin, name), { force: true });
  writeFileSync(join(bin, name), `#!/bin/sh\n${text}\n`, { mode: 0o755, flag: 'wx' });
}
function replaceShell(name: string): void {
  rmSync(join(bin, 'sh'));
  give(name, 'sh');
}

interface Ran {
  readonly out: string;
  readonly err: string;
}

/** As the server starts it: at the head of a session. */
function run(command: string, input = ''): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const env = { PATH: bin, HOME: folder.file('home'), SHELL: '/bin/sh' };
    const child = spawn(join(bin, 'sh'), ['-c', command], { env, detached: true });
    const said = { out: '', err: '' };
    child.stdout.on('data', (piece: Buffer) => (said.out += piece.toString()));
    child.stderr.on('data', (piece: Buffer) => (said.err += piece.toString()));
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
    child.once('error', reject);
    child.once('close', () => resolve(said));
  });
}

const start = (text: string): Promise<Ran> =>
  run(startCommand('j', MARK, Buffer.byteLength(text), text.slice(0, 50)), text);

async function state() {
  const { out } = await run(stateCommand('j'));
  const report = parseReport(out.trim());
  if (report?.kind !== 'state') throw new Error(`no state: ${out}`);
  return report.state;
}

/** Its process group and session, as ps tells them. */
function groupOf(pid: number): readonly number[] {
  const line = execFileSync('ps', ['-o', 'pgid=,sid=', '-p', String(pid)], { encoding: 'utf8' });
  return line.trim().split(/\s+/).map(Number);
}

const TEXT = 'sleep 9851; exit 5';

describe('a host without setsid(1)', () => {
  test('whose sh has job control: a process group of its own', async () => {
    for (const name of ['perl', 'python3']) fake(name, 'exit 1');
    replaceShell('bash');
    await start(TEXT);
    const running = await state();
    const pid = running?.pid ?? 0;
    expect(running).toMatchObject({ state: 'running' });
    const [pgid, sid] = groupOf(pid);
    expect(pgid).toBe(pid);
    expect(sid).not.toBe(pid);
    expect((await run(killCommand('j', 1000))).out).toContain('kill confirmed');
    expect(await state()).toMatchObject({ state: 'ended', signal: 'TERM' });
  });

  test.each(['perl', 'python3'])('and with a sh that has none: a session by %s', async (name) => {
    replaceShell('dash');
    fake(name, `exec ${find(name)} "$@"`);
    await start(TEXT);
    const pid = (await state())?.pid ?? 0;
    expect(groupOf(pid)).toEqual([pid, pid]);
    expect((await run(killCommand('j', 1000))).out).toContain('kill confirmed');
  });

  test('and nothing else that makes a session: told, and nothing is left', async () => {
    replaceShell('dash');
    const { out } = await start(TEXT);
    expect(parseReport(out.trim())).toMatchObject({
      kind: 'fault',
      message: expect.stringContaining('no setsid, perl or python3'),
    });
    expect(await state()).toBeNull();
  });
});

test('a host without ps: the job is known by its id, ended, and its end is called unknown', async () => {
  give('setsid');
  fake('ps', 'exit 1');
  await start(TEXT);
  expect(await state()).toMatchObject({ state: 'running' });
  expect((await run(cleanCommand('j'))).out).toContain('state|running');
  expect((await run(killCommand('j', 1000))).out).toContain('kill unknown');
  await until(async () => (await state())?.state !== 'running', { deadlineMs: 20_000, what: 'its end' });
});

test('a command that did not arrive whole is not run', async () => {
  give('setsid');
  const { out } = await run(startCommand('j', MARK, 100, 'x'), 'echo half');
  expect(out).toContain('the command did not arrive whole');
  expect(await state()).toBeNull();
});

test('sent again over another connection it is the same job; by somebody else it is refused', async () => {
  give('setsid');
  await start('echo once; sleep 9852');
  const { pid } = (await state()) ?? {};
  expect((await start('echo once; sleep 9852')).out.trim()).toBe('pssh-ts:job started');
  expect((await state())?.pid).toBe(pid);
  const other = await run(startCommand('j', 'ffff', 4, 'true'), 'true');
  expect(other.out).toContain('pssh-ts:job taken');
  const stdout = folder.file('home/.local/state/pssh-ts/jobs/j/stdout');
  await until(() => readFileSync(stdout, 'utf8') === 'once\n', { deadlineMs: 20_000, what: 'its output' });
  expect((await run(killCommand('j', 1000))).out).toContain('kill confirmed');
});

test('a start that was broken off says so, and can be cleaned up', async () => {
  mkdirSync(folder.file('home/.local/state/pssh-ts/jobs/j'), { recursive: true });
  expect(await state()).toMatchObject({ state: 'died', reason: 'unstarted' });
  expect((await run(cleanCommand('j'))).out).toContain('cleaned');
  expect(await state()).toBeNull();
});

test('nothing of the starter’s variables reaches the command, and the login’s are as they were', async () => {
  give('setsid');
  give('sort');
  const env = {
    ...process.env,
    PATH: bin,
    HOME: folder.file('home'),
    SHELL: '/bin/sh',
    j: 'a',
    k: 'b',
    d: 'c',
    n: 'd',
  };
  const text = 'env';
  const command = startCommand('j', MARK, text.length, text);
  execFileSync(join(bin, 'sh'), ['-c', command], { env, input: text });
  await until(async () => (await state())?.state === 'ended', { deadlineMs: 20_000, what: 'its end' });
  const out = readFileSync(folder.file('home/.local/state/pssh-ts/jobs/j/stdout'), 'utf8');
  const names = out.split('\n').map((line) => line.split('=')[0] ?? '');
  for (const line of ['j=a', 'k=b', 'd=c', 'n=d', 'PSSH_JOB=j']) expect(out.split('\n')).toContain(line);
  const ours = names.filter((name) => name.startsWith('_') && name !== '_');
  expect(ours.filter((name) => env[name as keyof typeof env] === undefined)).toEqual([]);
});
