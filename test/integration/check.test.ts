import { execFile, execFileSync } from 'node:child_process';
import { chmod, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Accounts, makeAccounts } from '../fleet/accounts.js';
import { findProgram } from '../fleet/find-sshd.js';
import { type Fleet, startFleet } from '../fleet/fleet.js';
import { leftovers } from '../fleet/leftovers.js';
import { startUsersMaster } from '../fleet/users-master.js';
import { checkFaults } from '../unit/sinks/schema.js';
import { type CliResult, runCli } from './cli.js';

interface Look {
  readonly name: string;
  readonly outcome: string;
  readonly detail: string;
  readonly mend: string | null;
  readonly facts: Readonly<Record<string, unknown>>;
}
interface CheckDocument {
  readonly exitCode: number;
  readonly summary: Readonly<Record<string, number>>;
  readonly results: readonly {
    readonly host: string;
    readonly status: string;
    readonly checks: readonly Look[];
    readonly error: { readonly code: string; readonly message: string } | null;
  }[];
}

const isRoot = userInfo().uid === 0;
const TOOLS = ['sh', 'date', 'df', 'cat'];

let fleet: Fleet;
let folder: string;
let accounts: Accounts;
beforeAll(async () => {
  accounts = makeAccounts([['nologin', '/usr/sbin/nologin']]);
  const nologin = accounts.list[1]?.user;
  fleet = await startFleet({
    hosts: [
      { name: 'good1' },
      { name: 'good2' },
      { name: 'down' },
      { name: 'mine', client: [`ControlPath ${SHARED}/%C`] },
      { name: 'lost', kind: 'unresolvable' },
      { name: 'dead', kind: 'dead-port' },
      { name: 'mute', kind: 'silent-before-banner' },
      { name: 'stuck', kind: 'silent-after-kex' },
      { name: 'stranger' },
      { name: 'changed', kind: 'wrong-host-key' },
      { name: 'refused', kind: 'refused-key' },
      { name: 'sftp', sshd: ['ForceCommand internal-sftp'] },
      { name: 'forced', sshd: ['ForceCommand echo backup only'] },
      { name: 'one', sshd: ['MaxSessions 1'] },
      { name: 'agent', client: ['ForwardAgent yes'] },
      { name: 'bare', sshd: [`SetEnv PATH=${binOf('bare')}`] },
      { name: 'fast', sshd: [`SetEnv PATH=${binOf('fast')}`] },
      { name: 'full', sshd: [`SetEnv TMPDIR=${binOf('tmpfs')}`] },
      ...(nologin === undefined ? [] : [{ name: 'nologin', user: nologin }]),
      { name: 'behind', sameServerAs: 'good2', client: ['ProxyJump good1'] },
    ],
  });
  folder = fleet.dir;
  for (const name of ['bare', 'fast', 'tmpfs']) await mkdir(binOf(name), { recursive: true });
  for (const tool of TOOLS) {
    const path = findProgram(tool);
    if (path === null) throw new Error(`no ${tool}`);
    await symlink(path, join(binOf('bare'), tool));
    if (tool !== 'date') await symlink(path, join(binOf('fast'), tool));
  }
  // The clock of a host can't be set for one host alone: its date tells another time.
  const date = join(binOf('fast'), 'date');
  await writeFile(date, `#!/bin/sh\necho $(( $(${findProgram('date')} +%s) + 90 )).250000000\n`);
  await chmod(date, 0o755);
  if (isRoot) execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', binOf('tmpfs')]);
  if (isRoot) await writeFile(join(binOf('tmpfs'), 'filler'), Buffer.alloc(64 * 1024));
  // known_hosts does not know this one.
  const known = await readFile(join(folder, 'known_hosts'), 'utf8');
  const { address } = fleet.host('stranger');
  const kept = known.split('\n').filter((line) => !line.startsWith(`[${address}]:`));
  await writeFile(join(folder, 'known_hosts'), kept.join('\n'));
});
afterAll(async () => {
  if (isRoot) execFileSync('umount', [binOf('tmpfs')]);
  await rm(SHARED, { recursive: true, force: true });
  await runCli(['masters', 'close'], { env: fleet.env });
  await fleet.stop();
  accounts.remove();
  expect(await leftovers(fleet.dir)).toEqual({ files: [], processes: [] });
});

/** Named in the servers' configuration, before the fleet has a folder. */
const SHARED = join('/tmp', `pt-check-${process.pid}`);
function binOf(name: string): string {
  return join(SHARED, name);
}

const run = (...args: readonly string[]): Promise<CliResult> =>
  runCli(['-F', fleet.configPath, '-t', '30', '-o', 'NumberOfPasswordPrompts=0', ...args], {
    env: fleet.env,
    deadlineMs: 120_000,
  });
const checked = async (...args: readonly string[]): Promise<CheckDocument> => {
  const result = await run('check', '--json', ...args);
  const document = JSON.parse(result.out) as CheckDocument;
  expect(checkFaults(document)).toBe('');
  expect(document.exitCode).toBe(result.code);
  return document;
};
const only = async (...args: readonly string[]) => {
  const { results } = await checked(...args);
  const [result] = results;
  if (result === undefined || results.length !== 1) throw new Error('not one result');
  const look = (name: string): Look => {
    const found = result.checks.find((check) => check.name === name);
    if (found === undefined) throw new Error(`no check ${name}`);
    return found;
  };
  return { ...result, look };
};
/** Runs a mend as a person would, in a shell. */
const mend = (command: string | null): Promise<unknown> =>
  promisify(execFile)('sh', ['-c', command ?? 'exit 9'], { env: { ...fleet.env }, timeout: 60_000 });
const fingerprint = (file: string): string =>
  execFileSync('ssh-keygen', ['-lf', file], { encoding: 'utf8' }).split(' ')[1] ?? '';
const hostKeyOf = (name: string): string => join(folder, 'hosts', name, 'host_key');

describe('a host that is well', () => {
  test('every step is told, with the key, the transport and the sessions', async () => {
    const { status, look, checks } = await only('good1');
    expect(status).toBe('ok');
    expect(checks.filter(({ outcome }) => outcome === 'failed' || outcome === 'warning')).toEqual([]);
    expect(look('host-key').detail).toContain(fingerprint(hostKeyOf('good1')));
    expect(look('auth').facts).toMatchObject({
      method: 'publickey',
      key: join(folder, 'id_ed25519'),
      fingerprint: fingerprint(join(folder, 'id_ed25519')),
    });
    expect(look('transport').facts.kind).toBe('mux');
    expect(look('sessions').facts).toEqual({ granted: 8, atLeast: true });
    expect(Math.abs(Number(look('clock').facts.skewMs))).toBeLessThanOrEqual(
      Number(look('clock').facts.uncertaintyMs) + 5,
    );
    expect(look('sudo').outcome).toBe('skipped');
  });

  test('hosts that are alike stand in one row', async () => {
    const { out, err, code } = await run('check', 'good[1-2]');
    expect(out).toMatch(
      /^good\[1-2\] \(2\): ok; .*id_ed25519, mux, 8 sessions or more, clock within \d+ ms, /,
    );
    expect(out.trim().split('\n')).toHaveLength(1);
    expect(err).toContain('2 hosts checked: 2 ok');
    expect(code).toBe(0);
  });

  test('a live master is passed over: a key that was revoked since is found', async () => {
    expect((await run('-H', 'good2', '--persist', '60', 'exec', 'true')).code).toBe(0);
    const keys = join(folder, 'hosts', 'good2', 'authorized_keys');
    const before = await readFile(keys, 'utf8');
    await writeFile(keys, '');
    try {
      expect((await run('-H', 'good2', 'exec', 'true')).code).toBe(0);
      const { status, look } = await only('good2');
      expect(status).toBe('auth-failed');
      expect(look('auth').detail).toContain(fingerprint(join(folder, 'id_ed25519')));
    } finally {
      await writeFile(keys, before);
    }
  });

  test("a master of the user's own is passed over", async () => {
    const master = await startUsersMaster(fleet, 'mine');
    try {
      const logins = await fleet.logins('mine');
      const { look } = await only('mine');
      expect(look('transport').facts.kind).toBe('mux');
      expect(await fleet.logins('mine')).toBe(logins + 1);
      expect(await master.isAlive()).toBe(true);
    } finally {
      await master.end();
    }
  });

  test('behind a jump host the name is the jump host’s to resolve, and its login a new one too', async () => {
    const logins = await fleet.logins('good1');
    const { status, look } = await only('behind');
    expect(status).toBe('ok');
    expect(look('name').facts.via).toBe('good1');
    expect(await fleet.logins('good1')).toBe(logins + 1);
    const broken = await only('-J', 'dead', 'good1');
    expect(broken.status).toBe('unreachable');
    expect(broken.look('port').detail).toContain('jump host dead');
  });
});

describe('each defect is named, and what depends on it is not tried', () => {
  const CASES: readonly (readonly [host: string, status: string, name: string, words: RegExp])[] = [
    ['lost', 'unreachable', 'name', /Could not resolve hostname lost\.invalid/],
    ['dead', 'unreachable', 'port', /Connection refused; is sshd running there, on port \d+/],
    ['stranger', 'host-key-failed', 'host-key', /No ED25519 host key is known .*it shows ED25519 SHA256:/],
    ['changed', 'host-key-failed', 'host-key', /known_hosts:\d+ \(SHA256:.*the host shows SHA256:/],
    ['refused', 'auth-failed', 'auth', /Permission denied.*refused: .*id_ed25519 \(ED25519 SHA256:/],
    ['sftp', 'failed', 'shell', /ForceCommand internal-sftp/],
    ['forced', 'failed', 'shell', /forced command .*answers "backup only" \(exit 0\)/],
    ...(isRoot
      ? ([
          ['nologin', 'failed', 'shell', /its login shell is nologin/],
          ['full', 'failed', 'temp', /full: 0 KiB free in .*tmpfs/],
        ] as const)
      : []),
  ];
  test.each(CASES)('%s: %s, at %s', async (host, status, name, words) => {
    const result = await only(host);
    expect(result.status).toBe(status);
    const places = result.checks.map((check) => check.name);
    const failed = result.checks.filter(({ outcome }) => outcome === 'failed');
    // A code of the table of troubleshooting: what a run would fail by, or that a check failed behind the login.
    if (status === 'failed') expect(result.error?.code).toBe('ERR_CHECK');
    else expect(result.error?.code).toMatch(/^ERR_(RESOLVE|CONNECT|HOST_KEY|AUTH)$/);
    expect(failed.map((check) => check.name)).toEqual([name]);
    expect(failed[0]?.detail).toMatch(words);
    const before = result.checks.slice(0, places.indexOf(name)).filter((check) => check.name !== 'sudo');
    expect(before.every(({ outcome }) => outcome === 'ok')).toBe(true);
    const after = result.checks.slice(places.indexOf(name) + 1);
    expect(after.every(({ outcome }) => outcome === 'skipped')).toBe(true);
  });

  test('one that falls silent is given up in time, and where it did is told', async () => {
    const started = performance.now();
    const { results } = await checked('-t', '6', 'mute', 'stuck');
    expect(performance.now() - started).toBeLessThan(40_000);
    const failed = results.map(({ checks }) => checks.find(({ outcome }) => outcome === 'failed'));
    expect(results.map(({ status }) => status)).toEqual(['unreachable', 'unreachable']);
    expect(failed[0]).toMatchObject({ name: 'port' });
    expect(failed[1]).toMatchObject({ name: 'auth' });
    expect(failed[1]?.detail).toContain('it stopped answering at the login');
  });

  const WARNED: readonly (readonly [host: string, name: string, words: RegExp])[] = [
    ['one', 'sessions', /MaxSessions 1/],
    ['agent', 'transport', /process, a process a command: .*agent or X11 forwarding/],
    ['bare', 'tools', /no scp, no rsync, no tar, no sha256sum/],
    ['fast', 'clock', /(89|90|91)\.\d s ahead of ours/],
  ];
  test.each(WARNED)('%s: a warning at %s, which fails nothing', async (host, name, words) => {
    const { status, look } = await only(...(host === 'fast' ? ['--tools', 'sh'] : []), host);
    expect(status).toBe('ok');
    expect(look(name).outcome).toBe('warning');
    expect(look(name).detail).toMatch(words);
  });

  test('tools that were asked for, and sudo, are failures; the exit code is exec’s', async () => {
    const tools = await only('--tools', 'tar,date', 'bare');
    expect([tools.status, tools.look('tools').facts.lacks]).toEqual(['failed', ['tar']]);
    const sudo = await only('--sudo', '--tools', 'date', 'bare');
    expect([sudo.status, sudo.look('sudo').detail]).toEqual(['failed', 'the host has no sudo']);
    expect((await run('check', '--tools', 'tar', 'bare')).code).toBe(5);
    expect((await run('check', '--tools', 'tar', 'bare', 'dead')).code).toBe(4);
    expect((await run('check', 'agent')).code).toBe(0);
  });

  test('all at once: a row each, the failed ones with what mends them', async () => {
    const { out, err, code } = await run('check', 'good[1-2],lost,changed,refused,sftp,agent');
    expect(out).toMatch(/^good\[1-2\] \(2\): ok; /m);
    expect(out).toMatch(/^lost: unreachable\n {2}name: /m);
    expect(out).toMatch(/^changed: host-key-failed\n {2}host-key: .*\n {4}mend: ssh-keygen -f /m);
    expect(out).toMatch(/^refused: auth-failed\n {2}auth: .*\n {4}mend: ssh-copy-id -i /m);
    expect(out).toMatch(/^agent: ok, with a warning\n {2}transport: warning: /m);
    expect(err).toContain(
      '7 hosts checked: 3 ok (1 with a warning), 1 failed, 1 unreachable, 1 auth-failed, 1 host-key-failed',
    );
    expect(code).toBe(4);
  });
});

describe('a mend, when it is run, mends', () => {
  test('an unknown host key: only the one whose fingerprint is put in is added', async () => {
    const known = join(folder, 'known_hosts');
    const before = await readFile(known, 'utf8');
    const { mend: command } = (await only('stranger')).look('host-key');
    expect(command).toContain('FINGERPRINT');
    // As it stands, and with the key of another host, it adds nothing.
    await mend(command);
    await mend(command?.replace('FINGERPRINT', fingerprint(hostKeyOf('good1'))) ?? null);
    expect(await readFile(known, 'utf8')).toBe(before);
    await mend(command?.replace('FINGERPRINT', fingerprint(hostKeyOf('stranger'))) ?? null);
    expect((await only('stranger')).status).toBe('ok');
  });

  test('a changed host key: dropped, then learnt by its fingerprint', async () => {
    await mend((await only('changed')).look('host-key').mend);
    const unknown = (await only('changed')).look('host-key');
    expect(unknown.detail).toContain('No ED25519 host key is known');
    await mend(unknown.mend?.replace('FINGERPRINT', fingerprint(hostKeyOf('changed'))) ?? null);
    expect((await only('changed')).status).toBe('ok');
  });

  test('a key that others can read', async () => {
    const key = join(folder, 'id_ed25519');
    await chmod(key, 0o644);
    const { status, look } = await only('good1');
    expect([status, look('auth').mend]).toEqual(['auth-failed', `chmod 600 ${key}`]);
    expect(look('auth').detail).toContain('others can read it');
    await mend(look('auth').mend);
    expect((await only('good1')).look('auth').facts.key).toBe(key);
  });

  test('agent forwarding: without it commands need no process', async () => {
    const { mend: command } = (await only('agent')).look('transport');
    expect(command).toContain('ForwardAgent=no');
    await mend(command);
    expect((await only('-o', 'ForwardAgent=no', 'agent')).look('transport').facts.kind).toBe('mux');
  });

  test('a port where nothing listens: sshd is started', async () => {
    await fleet.stopHost('down');
    expect((await only('down')).look('port').detail).toContain('is sshd running there');
    await fleet.startHostAgain('down');
    expect((await only('down')).status).toBe('ok');
  });

  // Only root has other accounts.
  if (isRoot)
    test('a nologin shell: the account gets another', async () => {
      const { mend: command } = (await only('nologin')).look('shell');
      expect(command).toMatch(/^ssh -l root .* 'usermod -s \/bin\/sh \w+'$/);
      await mend(command);
      expect((await only('nologin')).status).toBe('ok');
    });
});

test('bad input is one line, exit 2', async () => {
  const cases: readonly (readonly [args: readonly string[], message: string])[] = [
    [['check'], 'no target'],
    [['check', '--tools', 'tar;id', 'good1'], '--tools: "tar;id" is no name of a program'],
    [['check', '--no-mux', 'good1'], '--no-mux: check needs a connection'],
  ];
  for (const [args, message] of cases) {
    const { code, err } = await run(...args);
    expect(err).toContain(message);
    expect(code).toBe(2);
  }
});
