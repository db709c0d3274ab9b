import { chmod, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { Cluster, Machine } from '../../src/index.js';
import { type Accounts, makeAccounts } from '../fleet/accounts.js';
import { type Fleet, startFleet } from '../fleet/fleet.js';
import { leftovers } from '../fleet/leftovers.js';
import { runOrThrow } from '../fleet/run-or-throw.js';
import { checkFaults } from '../unit/sinks/schema.js';
import { BIN, type CliResult, parseRun, runCli, runProgram } from './cli.js';
import { textBelow, watchProcesses } from './seen-secrets.js';
import { startTerminal, type Terminal } from './terminal.js';

// Of this process alone: tests beside it may type theirs where all can see it.
const SECRET = `Correct-Horse-${process.pid}`;
const WRONG = `Wrong-Horse-${process.pid}`;
const PASSPHRASE = `Open-Sesame-${process.pid}`;
// As names: these are no programs of a package that we would have to list.
const KEYGEN = 'ssh-keygen';
const SET_PASSWORD = 'chpasswd';
const SET_AGE = 'chage';

let dir: string;
let fleet: Fleet;
let accounts: Accounts | null = null;
const isRoot = userInfo().uid === 0;

interface CheckDocument {
  readonly results: readonly {
    readonly host: string;
    readonly status: string;
    readonly checks: readonly { readonly name: string; readonly facts: Readonly<Record<string, unknown>> }[];
    readonly error: { readonly code: string } | null;
  }[];
}

const secretFile = (name: string): string => join(dir, name);
const many = Array.from({ length: 16 }, (_, index) => `more${index + 1}`);

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'pt-key-'));
  await chmod(dir, 0o700);
  for (const [name, text] of [
    ['right', SECRET],
    ['wrong', WRONG],
    ['phrase', PASSPHRASE],
  ] as const)
    await writeFile(secretFile(name), `${text}\nnot this\n`, { mode: 0o600 });
  runOrThrow(KEYGEN, ['-q', '-t', 'ed25519', '-N', PASSPHRASE, '-f', join(dir, 'locked')]);
  const locked = {
    client: [`IdentityFile ${dir}/locked`, 'IdentitiesOnly yes'],
    sshd: [`AuthorizedKeysFile ${dir}/locked.pub`],
  };
  const hosts = [{ name: 'locked', ...locked }, { name: 'locked2', ...locked }, { name: 'key' }];
  if (!isRoot) {
    fleet = await startFleet({ hosts });
    return;
  }
  // Accounts with a password only root can make.
  accounts = makeAccounts([
    ['sh', '/bin/sh'],
    ['sh', '/bin/sh'],
  ]);
  const [, user = '', expired = ''] = accounts.list.map((account) => account.user);
  runOrThrow(SET_PASSWORD, [], `${user}:${SECRET}\n${expired}:${SECRET}\n`);
  runOrThrow(SET_AGE, ['-d', '0', expired]);
  const asks = { user, sshd: ['PasswordAuthentication yes', 'PubkeyAuthentication no'] };
  const pam = ['UsePAM yes', 'KbdInteractiveAuthentication yes', 'PubkeyAuthentication no'];
  fleet = await startFleet({
    hosts: [
      ...hosts,
      ...['p1', 'p2', 'p3', 'p4', 'bastion'].map((name) => ({ name, ...asks })),
      ...many.map((name, index) => ({ name, user, sameServerAs: `p${(index % 4) + 1}` })),
      { name: 'behind', ...asks, client: ['ProxyJump bastion'] },
      { name: 'behind2', user, sameServerAs: 'behind', client: ['ProxyJump bastion'] },
      { name: 'pam', user, sshd: pam },
      { name: 'expired', user: expired, sshd: pam },
      { name: 'changed', kind: 'wrong-host-key', ...asks },
      { name: 'unknown', ...asks, client: ['UserKnownHostsFile /dev/null', 'StrictHostKeyChecking ask'] },
    ],
  });
}, 120_000);
afterEach(async () => {
  await runCli(['masters', 'close'], { env: fleet.env });
});
afterAll(async () => {
  const runtime = join(fleet.env.XDG_RUNTIME_DIR ?? '', 'pssh-ts');
  // No socket, no program that answers.
  expect((await readdir(runtime)).filter((file) => file.startsWith('s.'))).toEqual([]);
  await fleet.stop();
  expect((await leftovers(fleet.dir)).processes).toEqual([]);
  accounts?.remove();
  await rm(dir, { recursive: true, force: true });
}, 60_000);

const shared = (): readonly string[] => ['-F', fleet.configPath, '-t', '40'];
const run = (args: readonly string[]): Promise<CliResult> =>
  runCli([...shared(), ...args], { env: fleet.env });
const exec = (hosts: string, ...args: readonly string[]): Promise<CliResult> =>
  run(['-H', hosts, ...args, 'exec', '--json', 'echo $FLEET_HOST']);
const statuses = (result: CliResult): readonly string[] =>
  parseRun(result).results.map(({ host, status }) => `${host} ${status}`);
const reasons = (result: CliResult): readonly string[] =>
  parseRun(result).results.map(({ error }) => error?.message ?? '');
const right = (): readonly string[] => ['--pass-file', secretFile('right')];

async function count(pattern: RegExp, hosts: readonly string[]): Promise<number> {
  const logs = await Promise.all(hosts.map((host) => fleet.log(host)));
  return logs.join('').match(new RegExp(pattern, 'gm'))?.length ?? 0;
}

describe.runIf(isRoot)('a password', () => {
  test.each([
    ['mux', []],
    ['process', ['--transport', 'process']],
    ['plain', ['--no-mux']],
  ] as const)('logs in (%s), and later runs over the connection need none', async (kind, more) => {
    const first = await exec('p1,p2,key', ...right(), ...more);
    expect(reasons(first)).toEqual(['', '', '']);
    expect(parseRun(first).results.map(({ stdout }) => stdout)).toEqual(['p1\n', 'p2\n', 'key\n']);
    expect(first.code).toBe(0);
    const later = await exec('p1,p2', ...more);
    const kept = kind === 'plain' ? 'auth-failed' : 'ok';
    expect(statuses(later)).toEqual([`p1 ${kept}`, `p2 ${kept}`]);
  });

  test('is in no argument, environment, log, event, record or file, at the most verbose', async () => {
    const kept = ['--record-output', '--report', join(fleet.dir, 'tmp', 'report.html')];
    for (const more of [[], ['--transport', 'process'], ['--no-mux']]) {
      const words = ['-vvv', '-H', 'p[1-4]', ...right(), ...more, 'exec', ...kept];
      const watched = await watchProcesses(() => run([...words, '--ndjson', 'sleep 0.2; env']));
      expect(watched.result.code).toBe(0);
      // The helper was there to be seen, and may leave no core file.
      expect(watched.seen).toContain('PSSH_TS_ASKPASS=');
      expect([...watched.cores]).toEqual(['0 0']);
      expect(watched.seen).not.toContain(SECRET);
      const { out, err } = watched.result;
      expect(out + err + (await textBelow(fleet.dir))).not.toContain(SECRET);
      expect((await run(['runs', 'show', '--json'])).out).not.toContain(SECRET);
      await rm(join(fleet.dir, 'tmp', 'report.html'), { force: true });
      await runCli(['masters', 'close'], { env: fleet.env });
    }
  });

  test.each([
    ['over masters', []],
    ['with --no-mux', ['--no-mux']],
  ] as const)('that is wrong is tried once for twenty hosts, %s', async (_, more) => {
    const servers = ['p1', 'p2', 'p3', 'p4'];
    const before = await count(/^Failed password/, servers);
    const result = await exec(`p[1-4],more[1-16],key`, '--pass-file', secretFile('wrong'), ...more);
    const found = statuses(result).map((line) => line.split(' ')[1]);
    expect(found.filter((status) => status === 'auth-failed')).toHaveLength(1);
    expect(found.filter((status) => status === 'skipped')).toHaveLength(19);
    // Who asks for none is not kept from working.
    expect(found.at(-1)).toBe('ok');
    expect(
      reasons(result).filter((reason) => /^the password was not accepted: .*denied/.test(reason)),
    ).toHaveLength(1);
    expect(reasons(result).filter((reason) => /^not tried: .* by (p|more)\d/.test(reason))).toHaveLength(19);
    expect(result.code).toBe(4);
    expect((await count(/^Failed password/, servers)) - before).toBe(1);
    expect(result.out + result.err).not.toContain(WRONG);
  });

  test('is asked of a bastion and of what is behind it, once at the bastion', async () => {
    const before = await count(/^Accepted password/, ['bastion']);
    const result = await exec('behind,behind2', ...right());
    expect(reasons(result)).toEqual(['', '']);
    expect((await count(/^Accepted password/, ['bastion'])) - before).toBe(1);
    await runCli(['masters', 'close'], { env: fleet.env });
    const failed = await count(/^Failed password/, ['bastion', 'behind']);
    const wrong = await exec('behind,behind2', '--pass-file', secretFile('wrong'));
    expect(statuses(wrong)).toEqual(['behind auth-failed', 'behind2 auth-failed']);
    expect(reasons(wrong)[0]).toContain('jump host bastion: the password was not accepted');
    expect((await count(/^Failed password/, ['bastion', 'behind'])) - failed).toBe(1);
  });

  test('is not told to a bastion that ssh itself jumps over: it asks in another name', async () => {
    const failed = await count(/^Failed password/, ['bastion', 'behind']);
    const result = await exec('behind', ...right(), '--no-mux');
    expect(statuses(result)).toEqual(['behind auth-failed']);
    expect(reasons(result)[0]).toMatch(/it asks ".*password: ", which pssh-ts does not answer/);
    expect((await count(/^Failed password/, ['bastion', 'behind'])) - failed).toBe(0);
  });

  test('answers keyboard-interactive where that asks for it alone, and nothing further', async () => {
    expect(reasons(await exec('pam', ...right()))).toEqual(['']);
    const more = await exec('expired', ...right());
    expect(statuses(more)).toEqual(['expired auth-failed']);
    expect(parseRun(more).results[0]?.error?.code).toBe('ERR_AUTH');
    expect(reasons(more)[0]).toMatch(/it asks ".*", which pssh-ts does not answer; .*masters open/);
  });

  test('comes to no host whose key is not known or has changed', async () => {
    const before = await count(/password/, ['changed', 'unknown']);
    const result = await exec('changed,unknown', ...right());
    expect(statuses(result)).toEqual(['changed host-key-failed', 'unknown host-key-failed']);
    expect(await count(/password/, ['changed', 'unknown'])).toBe(before);
  });

  test('masters open takes it beforehand, also where there is no terminal', async () => {
    const opened = await run(['masters', 'open', ...right(), 'p1', 'p2']);
    expect(opened.err).toContain('2 opened');
    expect(opened.code).toBe(0);
    expect(statuses(await exec('p1,p2'))).toEqual(['p1 ok', 'p2 ok']);
    const wrong = await run(['masters', 'open', '--pass-file', secretFile('wrong'), 'p3', 'p4']);
    expect(wrong.err).toContain('p4: not opened: not tried');
    expect(wrong.code).toBe(4);
  });

  test('masters open gives it to the bastion as well, one login for all that is behind it', async () => {
    const before = await count(/^Accepted password/, ['bastion']);
    const opened = await run(['masters', 'open', ...right(), 'behind', 'behind2']);
    expect(opened.err).toContain('2 opened');
    expect((await count(/^Accepted password/, ['bastion'])) - before).toBe(1);
    expect(statuses(await exec('behind,behind2'))).toEqual(['behind ok', 'behind2 ok']);
    await runCli(['masters', 'close'], { env: fleet.env });
    const failed = await count(/^Failed password/, ['bastion', 'behind']);
    const words = ['masters', 'open', '--pass-file', secretFile('wrong'), 'behind', 'behind2'];
    const wrong = await run(words);
    expect(wrong.err).toContain('behind: not opened: jump host bastion: the password was not accepted');
    expect(wrong.code).toBe(4);
    expect((await count(/^Failed password/, ['bastion', 'behind'])) - failed).toBe(1);
  });

  test('check logs in with it, asked for once, and tells a wrong one', async () => {
    const check = async (...args: readonly string[]) => {
      const result = await run([...args, 'check', '--json', 'p1', 'p2', 'key']);
      expect(result.out + result.err).not.toMatch(new RegExp(`${SECRET}|${WRONG}`));
      const document = JSON.parse(result.out) as CheckDocument;
      expect(checkFaults(document)).toBe('');
      return { code: result.code, ...document };
    };
    const well = await check(...right());
    expect(well.results.map(({ host, status, error }) => [host, status, error])).toEqual(
      ['p1', 'p2', 'key'].map((host) => [host, 'ok', null]),
    );
    const auth = well.results.map(({ checks }) => checks.find(({ name }) => name === 'auth'));
    expect(auth.map((look) => look?.facts.method)).toEqual(['password', 'password', 'publickey']);
    expect(well.code).toBe(0);
    const before = await count(/^Failed password/, ['p1', 'p2']);
    const bad = await check('--pass-file', secretFile('wrong'));
    expect(bad.results.map(({ status }) => status)).toEqual(['auth-failed', 'auth-failed', 'ok']);
    expect(bad.results.slice(0, 2).map(({ error }) => error?.code)).toEqual(['ERR_AUTH', 'ERR_AUTH']);
    expect((await count(/^Failed password/, ['p1', 'p2'])) - before).toBe(1);
    expect(bad.code).toBe(4);
  });

  test('in the library: asked of its function once, seen by nobody', async () => {
    let asked = 0;
    const password = async (): Promise<string> => {
      asked += 1;
      return SECRET;
    };
    const options = { sshConfig: fleet.configPath, connectTimeout: '40s' } as const;
    await using all = new Cluster('p[1-3]', { ...options, password });
    const { results } = await all.execute('echo $FLEET_HOST');
    expect(results.map(({ stdout }) => stdout.text())).toEqual(['p1\n', 'p2\n', 'p3\n']);
    expect(asked).toBe(1);
    await using one = new Machine('p4', { ...options, password: SECRET });
    expect((await one.execute('true')).status).toBe('ok');
    expect(inspect([all, one], { depth: 20, showHidden: true })).not.toContain(SECRET);
    await using wrong = new Cluster('p[1-3]', { ...options, password: WRONG });
    const failed = await wrong.execute('true');
    expect(failed.results.map(({ status }) => status).sort()).toEqual(['auth-failed', 'skipped', 'skipped']);
    expect(inspect(failed, { depth: 20 })).not.toContain(WRONG);
  });

  describe('on a terminal', () => {
    const onTerminal = (...args: readonly string[]): Terminal => {
      const env = { ...fleet.env, TERM: 'xterm', LC_ALL: 'C.UTF-8' };
      const terminal = startTerminal([process.execPath, BIN, ...shared(), ...args], env);
      onTestFinished(() => terminal.end());
      return terminal;
    };

    test('is asked once for all hosts, and not shown', async () => {
      const terminal = onTerminal('-H', 'p1,p2', '--ask-pass', 'exec', 'echo on $FLEET_HOST');
      await terminal.waitFor(/Password: /);
      terminal.type(`${SECRET}x\u007f`);
      const shown = await terminal.waitFor(/ended \d/);
      expect(shown).toContain('p1: on p1');
      expect(shown).toContain('p2: on p2');
      expect(shown).toContain('ended 0');
      expect(shown).not.toContain(SECRET);
      expect(shown.match(/Password: /g)).toHaveLength(1);
    });

    test('check asks it once for all hosts', async () => {
      const terminal = onTerminal('--ask-pass', 'check', 'p1', 'p2', 'key');
      await terminal.waitFor(/Password: /);
      terminal.type(SECRET);
      const shown = await terminal.waitFor(/ended \d/);
      expect(shown).toContain('3 hosts checked: 3 ok');
      expect(shown).toContain('ended 0');
      expect(shown).not.toContain(SECRET);
      expect(shown.match(/Password: /g)).toHaveLength(1);
    });

    test('a signal at the question ends it, and the terminal is as it was', async () => {
      const terminal = onTerminal('-H', 'p1', '--ask-pass', 'exec', 'true');
      await terminal.waitFor(/Password: /);
      const { processes } = await leftovers(fleet.dir);
      const asking = processes.filter(({ args }) => args.startsWith(process.execPath));
      expect(asking).toHaveLength(1);
      process.kill(asking[0]?.pid ?? 0, 'SIGTERM');
      expect(await terminal.waitFor(/ended \d/)).toContain('ended 143');
      terminal.type('visible');
      await terminal.waitFor(/visible\n+visible/);
    });

    test('^C at the question ends it with 130, and the terminal is as it was', async () => {
      const terminal = onTerminal('-H', 'p1', '--ask-pass', 'exec', 'true');
      await terminal.waitFor(/Password: /);
      terminal.press('C-c');
      expect(await terminal.waitFor(/ended \d/)).toContain('ended 130');
      terminal.type('visible');
      await terminal.waitFor(/visible\n+visible/);
    });
  });
});

describe('a passphrase', () => {
  const phrase = (): readonly string[] => ['--passphrase-file', secretFile('phrase')];

  test.each([[[]], [['--transport', 'process']], [['--no-mux']]])('opens keys %j', async (more) => {
    expect(statuses(await exec('locked,key'))).toEqual(['locked auth-failed', 'key ok']);
    const watched = await watchProcesses(() => exec('locked,locked2,key', '-vvv', ...phrase(), ...more));
    expect(reasons(watched.result)).toEqual(['', '', '']);
    expect(watched.seen).toContain('PSSH_TS_ASKPASS=');
    const { out, err } = watched.result;
    expect(watched.seen + out + err + (await textBelow(fleet.dir))).not.toContain(PASSPHRASE);
  });

  test.runIf(isRoot)('and a password in one run: neither is to be seen anywhere', async () => {
    for (const more of [[], ['--transport', 'process'], ['--no-mux']]) {
      const words = ['-vvv', '-H', 'p1,locked,p2', ...right(), ...phrase(), ...more];
      const kept = ['exec', '--ndjson', '--record-output', 'sleep 0.2; env'];
      const watched = await watchProcesses(() => run([...words, ...kept]));
      expect(watched.result.code).toBe(0);
      expect(watched.seen).toContain('PSSH_TS_ASKPASS=');
      const { out, err } = watched.result;
      const all = watched.seen + out + err + (await textBelow(fleet.dir));
      for (const secret of [SECRET, PASSPHRASE]) expect(all).not.toContain(secret);
      await runCli(['masters', 'close'], { env: fleet.env });
    }
  });

  test('check opens keys with it', async () => {
    const result = await run([...phrase(), 'check', '--json', 'locked', 'key']);
    const { results } = JSON.parse(result.out) as CheckDocument;
    expect(results.map(({ status }) => status)).toEqual(['ok', 'ok']);
    const keys = results.map(({ checks }) => checks.find(({ name }) => name === 'auth')?.facts.key);
    expect(keys).toEqual([join(dir, 'locked'), join(fleet.dir, 'id_ed25519')]);
    expect(result.out + result.err).not.toContain(PASSPHRASE);
    expect(result.code).toBe(0);
    const none = await run(['check', '--json', 'locked']);
    expect((JSON.parse(none.out) as CheckDocument).results[0]?.error?.code).toBe('ERR_AUTH');
  });

  test('that is wrong is told as such, and no server hears of it', async () => {
    const wrong = await exec('locked', '--passphrase-file', secretFile('wrong'));
    expect(statuses(wrong)).toEqual(['locked auth-failed']);
    expect(reasons(wrong)[0]).toContain('The passphrase of its key may be wrong');
  });

  test.runIf(isRoot)('is no password: a server that asks for one is told nothing', async () => {
    const before = await count(/password/, ['p1', 'pam']);
    expect(statuses(await exec('p1,pam', ...phrase()))).toEqual(['p1 auth-failed', 'pam auth-failed']);
    expect(await count(/password/, ['p1', 'pam'])).toBe(before);
    // Nor is a password a passphrase.
    expect(statuses(await exec('locked', ...right()))).toEqual(['locked auth-failed']);
    expect(statuses(await exec('locked,p1', ...right(), ...phrase()))).toEqual(['locked ok', 'p1 ok']);
  });
});

describe('where a secret comes from', () => {
  test('a descriptor of the shell, under either name', async () => {
    for (const name of ['fd:3', '/dev/fd/3']) {
      const script = `exec "$@" 3< ${secretFile('phrase')}`;
      const words = ['-H', 'locked', '--passphrase-file', name, 'exec', 'echo', 'in'];
      const args = ['-c', script, 'sh', process.execPath, BIN, ...shared(), ...words];
      const result = await runProgram('sh', args, { env: fleet.env });
      expect(result.out, result.err).toBe('locked: in\n');
      await runCli(['masters', 'close'], { env: fleet.env });
    }
  });

  test('what is not private, not there, empty or no secret is refused in one line', async () => {
    const open = secretFile('open');
    await writeFile(open, SECRET);
    await chmod(open, 0o644);
    await writeFile(secretFile('empty'), '\nsecond\n', { mode: 0o600 });
    await writeFile(secretFile('binary'), Buffer.from([0xff, 0xfe, 10]), { mode: 0o600 });
    const cases: readonly (readonly [args: readonly string[], message: string])[] = [
      [['--pass-file', open], `others may use "${open}" (mode 644); chmod 600 it`],
      [['--pass-file', '/no/such'], 'no file "/no/such"'],
      [['--pass-file', dir], 'is a folder'],
      [['--pass-file', secretFile('empty')], 'it is empty'],
      [['--pass-file', secretFile('binary')], 'is no UTF-8'],
      [['--pass-file', 'fd:77'], 'descriptor 77 is not open'],
      [['--pass-file', '-'], 'use fd:3'],
      [['--pass-file', 'fd:0'], 'use fd:3'],
      [['--ask-pass', '--pass-file', secretFile('right')], 'exclude each other'],
    ];
    for (const [args, message] of cases) {
      const result = await exec('key', ...args);
      expect(result.err).toContain(message);
      expect(result.err.trim().split('\n')).toHaveLength(1);
      expect(result.err).not.toContain(SECRET);
      expect(result.code).toBe(2);
    }
  });

  test('without a terminal --ask-pass is refused, with the mend', async () => {
    const words = ['-H', 'key', '--ask-pass', 'exec', 'true'];
    const args = ['-w', process.execPath, BIN, ...shared(), ...words];
    const result = await runProgram('setsid', args, { env: fleet.env });
    expect(result.err).toBe('pssh-ts: --ask-pass: there is no terminal to ask on; use --pass-file FILE\n');
    expect(result.code).toBe(2);
  });

  test('--dry-run asks and reads nothing', async () => {
    const result = await run(['-H', 'key', '--pass-file', 'fd:77', 'exec', '--dry-run', 'true']);
    expect(result.code).toBe(0);
  });
});
