import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { chmod, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { Cluster, Machine } from '../../src/index.js';
import { type Accounts, makeAccounts } from '../fleet/accounts.js';
import { ensureShells, type ShellName } from '../fleet/ensure-shells.js';
import { findProgram } from '../fleet/find-sshd.js';
import { type Fleet, startFleet } from '../fleet/fleet.js';
import { runOrThrow } from '../fleet/run-or-throw.js';
import { makeLogFolder, makeSudoRules, type SudoRules, sudoFolders } from '../fleet/sudo.js';
import { VALUES } from './awkward-values.js';
import { BIN, type CliOptions, type CliResult, parseRun, runCli } from './cli.js';
import { textBelow, watchProcesses } from './seen-secrets.js';
import { startTerminal, type Terminal } from './terminal.js';

// Of this process alone: tests beside it may type theirs where all can see it.
const SECRET = `Battery-Staple-${process.pid}`;
const WRONG = `Wrong-Staple-${process.pid}`;
const SET_PASSWORD = 'chpasswd';
const LOGIN_SHELLS: readonly ShellName[] = ['sh', 'bash', 'tcsh', 'fish', 'zsh'];
const isRoot = userInfo().uid === 0;

let dir: string;
/** Programs, but no sudo. */
let bare: string;
let logs: string;
let fleet: Fleet;
let accounts: Accounts | null = null;
let rules: SudoRules | null = null;
/** Accounts by what sudo says to them. */
let asks = '';
let cached = '';
let refused = '';
let other = '';

const secretFile = (name: string): string => join(dir, name);
const sudoLog = (): string => readFileSync(join(logs, 'sudo.log'), 'utf8').replaceAll(/\n {4}/g, ' ');

beforeAll(async () => {
  // Rules, and accounts with a password, are root's to make.
  if (!isRoot) return;
  dir = await mkdtemp(join(tmpdir(), 'pt-key-'));
  logs = makeLogFolder();
  await writeFile(join(logs, 'sudo.log'), '', { mode: 0o600 });
  await writeFile(secretFile('right'), `${SECRET}\n`, { mode: 0o600 });
  await writeFile(secretFile('wrong'), `${WRONG}\n`, { mode: 0o600 });
  const shells = ensureShells((line) => console.log(line));
  accounts = makeAccounts([
    ...LOGIN_SHELLS.map((name) => [name, shells[name]] as const),
    ...['asks', 'cached', 'refused', 'other', 'tty', 'pty'].map((name) => [name, '/bin/sh'] as const),
  ]);
  const users = accounts.list.map(({ user }) => user);
  const [, sh = '', bash = '', tcsh = '', fish = '', zsh = '', ...more] = users;
  const [a = '', c = '', r = '', o = '', tty = '', pty = ''] = more;
  [asks, cached, refused, other] = [a, c, r, o];
  runOrThrow(SET_PASSWORD, [], [asks, cached, refused, pty].map((user) => `${user}:${SECRET}\n`).join(''));
  rules = makeSudoRules(
    [
      ...[sh, bash, tcsh, fish, zsh].map((user) => `${user} ALL=(ALL) NOPASSWD: ALL`),
      `Defaults:${sh} !use_pty`,
      `Defaults:${sh} logfile=${logs}/sudo.log`,
      `${asks} ALL=(ALL) ALL`,
      `Defaults:${asks} timestamp_timeout=0`,
      `Defaults:${asks} logfile=${logs}/sudo.log`,
      `${cached} ALL=(ALL) ALL`,
      `Defaults:${cached} timestamp_type=global`,
      `${tty} ALL=(ALL) NOPASSWD: ALL`,
      `Defaults:${tty} requiretty`,
      `${pty} ALL=(ALL) ALL`,
      `Defaults:${pty} use_pty, requiretty, timestamp_timeout=0`,
      `Defaults:${refused} logfile=${logs}/sudo.log`,
    ],
    (line) => console.log(line),
  );
  bare = await mkdtemp(join(tmpdir(), 'pt-bin-'));
  await chmod(bare, 0o755);
  for (const name of ['sh', 'id', 'printf', 'stty', 'mkdir', 'mkfifo', 'rm', 'sleep', 'ps'])
    await symlink(findProgram(name) ?? '', join(bare, name));
  fleet = await startFleet({
    hosts: [
      ...LOGIN_SHELLS.map((shell, place) => ({ name: `as-${shell}`, user: users[place + 1] ?? '' })),
      ...['a1', 'a2', 'a3', 'a4'].map((name) => ({ name, user: asks })),
      ...['a5', 'a6', 'a7', 'a8'].map((name) => ({ name, user: asks, sameServerAs: 'a4' })),
      { name: 'login', user: asks, sshd: ['PasswordAuthentication yes', 'PubkeyAuthentication no'] },
      { name: 'cached', user: cached },
      { name: 'refused', user: refused },
      { name: 'tty', user: tty },
      { name: 'pty', user: pty },
      { name: 'bare', user: sh, sshd: [`SetEnv PATH=${bare}`] },
      { name: 'forced', user: sh, sshd: ['ForceCommand echo something else'] },
    ],
  });
  await run('auto', ['-t', '60', '-H', 'as-sh', 'exec', 'chmod 755 ~']);
}, 300_000);
afterAll(async () => {
  if (!isRoot) return;
  await runCli(['masters', 'close'], { env: fleet.env });
  await fleet.stop();
  rules?.remove();
  if (accounts !== null) expect(sudoFolders(accounts)).toEqual([]);
  accounts?.remove();
  await rm(dir, { recursive: true, force: true });
  await rm(bare, { recursive: true, force: true });
  await rm(logs, { recursive: true, force: true });
}, 60_000);

const run = (
  transport: string,
  args: readonly string[],
  options: Partial<CliOptions> = {},
): Promise<CliResult> => {
  const way = transport === 'plain' ? ['--no-mux'] : ['--transport', transport];
  return runCli(['-F', fleet.configPath, '-t', '40', ...way, ...args], { env: fleet.env, ...options });
};
const right = (): readonly string[] => ['--sudo', '--sudo-pass-file', secretFile('right')];
const wrong = (): readonly string[] => ['--sudo', '--sudo-pass-file', secretFile('wrong')];
const errors = (result: CliResult): readonly string[] =>
  parseRun(result).results.map(({ error }) => error?.message ?? '');
const outputs = (result: CliResult): readonly string[] =>
  parseRun(result).results.map(({ stdout, stderr }) => `${stdout}|${stderr}`);

describe.runIf(isRoot)('sudo', () => {
  describe.each(['mux', 'process', 'plain'])('over %s', (transport) => {
    const exec = (hosts: string, args: readonly string[], options?: Partial<CliOptions>) =>
      run(transport, ['-H', hosts, 'exec', '--json', ...args], options);

    test('runs as root under every login shell, with folder, variables and status', async () => {
      const hosts = LOGIN_SHELLS.map((shell) => `as-${shell}`).join(',');
      const env = VALUES.slice(0, 12).map((value, index) => ['--env', `V${index}=${value}`]);
      const text =
        'id -u\npwd\necho $PSSH_HOST $PSSH_NODENUM $PSSH_NUMNODES\nsh -c "echo err >&2"\nenv\nexit 7';
      const result = await exec(hosts, ['--sudo', ...env.flat(), '--cwd', '/usr/lib', text]);
      expect(errors(result)).toEqual(LOGIN_SHELLS.map(() => ''));
      for (const [place, { stdout, stderr, status, exitCode }] of parseRun(result).results.entries()) {
        const lines = stdout.split('\n');
        expect(lines.slice(0, 3)).toEqual(['0', '/usr/lib', `as-${LOGIN_SHELLS[place]} ${place} 5`]);
        for (const [index, value] of VALUES.slice(0, 12).entries())
          expect(lines).toContain(`V${index}=${value}`);
        expect(lines).toContain('HOME=/root');
        expect(stdout).not.toContain('LC_ALL');
        expect([stderr, status, exitCode]).toEqual(['err\n', 'failed', 7]);
      }
    });

    test('leaves words as they are, and our locale', async () => {
      const text = `echo 'it is' "a \\\\ b" \\$HOME '!' "#"\necho second; echo $LC_ALL`;
      const plain = await exec('as-sh', ['--env', 'LC_ALL=C.UTF-8', text]);
      const sudo = await exec('as-sh', ['--sudo', '--env', 'LC_ALL=C.UTF-8', text]);
      expect(outputs(sudo)).toEqual(outputs(plain));
      expect(outputs(sudo)[0]).toContain('second\nC.UTF-8');
    });

    test('asks nothing without a password: one line with the mend', async () => {
      const result = await exec('a1,as-sh', ['--sudo', 'id -u']);
      expect(errors(result)).toEqual([
        `sudo asks for a password; add --ask-sudo-pass or --sudo-pass-file, or a NOPASSWD rule for ${asks}`,
        '',
      ]);
      expect(parseRun(result).results[0]).toMatchObject({ status: 'failed', exitCode: null, killed: null });
      expect(parseRun(result).results[0]?.error?.code).toBe('ERR_SUDO');
      expect(result.code).toBe(5);
      expect(outputs(result)).toEqual(['|', '0\n|']);
    });

    test('tells sudo its password, also twice where nothing is remembered, and the command gets its own input', async () => {
      const input = randomBytes(300_000);
      const sum = createHash('sha256').update(input).digest('hex');
      const words = ['-I', ...right(), '-c', 'id -u; sha256sum', '-c', 'sha256sum'];
      const result = await exec('a1,a2,as-bash,cached', words, { input });
      expect(errors(result)).toEqual(Array.from({ length: 8 }, () => ''));
      expect(outputs(result)).toEqual(
        ['a1', 'a2', 'as-bash', 'cached'].flatMap(() => [`0\n${sum}  -\n|`, `${sum}  -\n|`]),
      );
    });

    test('who is asked for nothing gets no password as input', async () => {
      const result = await exec('as-sh,cached,as-fish', [...right(), '-c', 'id -u', '-c', 'cat; echo end']);
      expect(outputs(result)).toEqual(['as-sh', 'cached', 'as-fish'].flatMap(() => ['0\n|', 'end\n|']));
    });

    test('a wrong password is tried once for eight hosts, and the others still work', async () => {
      const before = sudoLog().match(/incorrect password/g)?.length ?? 0;
      const result = await exec('a[1-8],as-sh', [...wrong(), 'id -u']);
      const statuses = parseRun(result).results.map(({ status }) => status);
      expect(statuses.filter((status) => status === 'failed')).toHaveLength(1);
      expect(statuses.filter((status) => status === 'skipped')).toHaveLength(7);
      expect(statuses.at(-1)).toBe('ok');
      const told = errors(result);
      expect(told.filter((text) => text === 'the sudo password was not accepted')).toHaveLength(1);
      expect(told.filter((text) => /^not tried: .* not accepted by a\d$/.test(text))).toHaveLength(7);
      expect(result.code).toBe(5);
      const after = sudoLog().match(/(\d+) incorrect password attempts?/g) ?? [];
      expect(after.length - before).toBe(1);
      expect(after.at(-1)).toBe('1 incorrect password attempt');
      expect(result.out + result.err).not.toContain(WRONG);
    });

    test('another user', async () => {
      const result = await exec('as-sh,a1', [...right().slice(1), '--sudo-user', other, 'id -un']);
      expect(outputs(result)).toEqual([`${other}\n|`, `${other}\n|`]);
      const nobody = await exec('as-sh', ['--sudo-user', 'no-such-user', 'id']);
      expect(errors(nobody)).toEqual(['sudo: there is no user "no-such-user" on the host']);
    });

    test('a host that wants a terminal says so, and works with one', async () => {
      const refusedThere = await exec('tty', ['--sudo', 'id -u']);
      expect(errors(refusedThere)).toEqual(['sudo there wants a terminal (requiretty); add --tty']);
      const result = await exec('tty,pty', ['--tty', ...right(), 'test -t 0 && id -u; stty -a']);
      expect(errors(result)).toEqual(['', '']);
      for (const { stdout } of parseRun(result).results) {
        expect(stdout.split('\r\n')[0]).toBe('0');
        // The terminal is as it was, and shows nothing of what we typed.
        expect(stdout).toMatch(/ icanon/);
        expect(stdout).toMatch(/ echo /);
        expect(stdout).not.toContain(SECRET);
      }
      const words = await exec('pty', ['--tty', ...wrong(), 'id -u']);
      expect(errors(words)).toEqual(['the sudo password was not accepted']);
    });

    test('what stands in the way is named: no rule, no sudo, a forced command', async () => {
      const result = await exec('refused,bare,forced', [...right(), 'id -u']);
      expect(parseRun(result).results.map(({ status }) => status)).toEqual(['failed', 'failed', 'failed']);
      const [rule, none, forced] = errors(result);
      expect(rule).toBe(
        `sudo does not let ${refused} run a shell as root; a rule has to: ${refused} ALL=(root) ALL`,
      );
      expect(none).toBe('the host has no sudo; install it, or log in as the user that is needed');
      expect(forced).toMatch(/^the host did not come as far as sudo/);
    });

    test('a script, a template and a health check run under it too', async () => {
      const script = join(dir, 'who.sh');
      await writeFile(script, '#!/bin/sh\nid -u\necho "$1"\n');
      const sent = await exec('as-sh,a1', [...right(), '--script', script, "an arg's"]);
      expect(outputs(sent)).toEqual(["0\nan arg's\n|", "0\nan arg's\n|"]);
      const filled = await exec('as-zsh', [
        '--sudo',
        '--template',
        '--health',
        'test $(id -u) = 0',
        'echo {host}',
      ]);
      expect(outputs(filled)[0]).toBe('as-zsh\n|');
      expect(filled.code).toBe(0);
    });

    test('a time limit that is over before sudo is through leaves nothing', async () => {
      const result = await exec('a1', [...wrong(), '-u', '0.05s', 'id']);
      expect(parseRun(result).results[0]?.status).toBe('timed-out');
      expect(result.out).not.toContain('uid=');
    });
  });

  test('no password is in an argument, environment, log, event, record or file, at the most verbose', async () => {
    const kept = ['--record-output', '--report', join(fleet.dir, 'tmp', 'report.html')];
    for (const transport of ['mux', 'process', 'plain']) {
      const words = ['-vvv', '-H', 'a[1-4]', 'exec', ...kept, ...right(), '--ndjson', 'sleep 0.3; env'];
      const { result, seen } = await watchProcesses(() => run(transport, words));
      expect(result.code).toBe(0);
      expect(seen).toContain('sudo');
      expect(seen).not.toContain(SECRET);
      expect(result.out + result.err + (await textBelow(fleet.dir))).not.toContain(SECRET);
      expect((await run('auto', ['runs', 'show', '--json'])).out).not.toContain(SECRET);
      await rm(join(fleet.dir, 'tmp', 'report.html'), { force: true });
    }
    const dry = await run('auto', ['--dry-run', '-H', 'a1', 'exec', ...right(), 'id']);
    expect(dry.out).toMatch(/^a1: \[ssh .*\] \[sudo\] id\n$/);
    for (const name of readdirSync(logs))
      expect(readFileSync(join(logs, name), 'latin1')).not.toContain(SECRET);
  });

  test('nor is one of both, where the login has a password too', async () => {
    for (const transport of ['mux', 'process', 'plain']) {
      const words = [
        '-vvv',
        '-H',
        'login',
        '--pass-file',
        secretFile('right'),
        'exec',
        ...right(),
        '--ndjson',
      ];
      const { result, seen } = await watchProcesses(() => run(transport, [...words, 'sleep 0.3; id -u']));
      expect(result.code).toBe(0);
      expect(seen).toContain('sudo');
      expect(seen).toContain('PSSH_TS_ASKPASS=');
      expect(seen).not.toContain(SECRET);
      expect(result.out + result.err + (await textBelow(fleet.dir))).not.toContain(SECRET);
      await runCli(['masters', 'close'], { env: fleet.env });
    }
  });

  test("sudo's own log has the words, and no value of a variable", async () => {
    const words = ['-H', 'as-sh', 'exec', '--sudo', '--env', 'TOKEN=value-of-a-token', 'echo audited words'];
    expect((await run('mux', words)).code).toBe(0);
    expect(sudoLog()).toContain('echo audited words');
    expect(sudoLog()).not.toContain('value-of-a-token');
  });

  test.each([
    [['--sudo-user', '-x', 'id'], /--sudo-user: user name "-x" begins with "-"/],
    [['--sudo-user', 'a\u0001b', 'id'], /--sudo-user: user name "a\\u0001b" holds "\\u0001"/],
    [['--sudo-user', '', 'id'], /--sudo-user: the user name is empty/],
    [['--ask-sudo-pass', 'id'], /--ask-sudo-pass is for --sudo; add it/],
    [['--sudo', '--raw', 'id'], /--raw sends the words alone/],
    [['--sudo', '--detach', 'job', 'id'], /--sudo and --detach exclude each other: .*sudo -n/],
    [['--sudo', '--ask-sudo-pass', 'id'], /--ask-sudo-pass: there is no terminal to ask on/],
  ] as const)('%j is refused', async (words, reason) => {
    const result = await run('auto', ['-H', 'as-sh', 'exec', ...words]);
    expect(result.err).toMatch(reason);
    expect(result.code).toBe(2);
  });

  test.each([['put'], ['get'], ['map']])('%s knows no sudo, and says what does', async (command) => {
    const result = await run('auto', ['-H', 'as-sh', command, '--sudo', 'a', 'b']);
    expect(result.err).toMatch(/unknown option '--sudo'; sudo is for exec alone: .*exec --sudo/);
    expect(result.code).toBe(2);
  });

  test('is asked once on the terminal, beside the password of the login', async () => {
    const env = { ...fleet.env, TERM: 'xterm', LC_ALL: 'C.UTF-8' };
    const words = ['-F', fleet.configPath, '-t', '40', '-H', 'a1,a2', 'exec', '--sudo', '--ask-sudo-pass'];
    const terminal: Terminal = startTerminal([process.execPath, BIN, ...words, 'echo on $(id -u)'], env);
    onTestFinished(() => terminal.end());
    await terminal.waitFor(/Sudo password: /);
    terminal.type(SECRET);
    const shown = await terminal.waitFor(/ended \d/);
    expect(shown).toContain('a1: on 0');
    expect(shown).toContain('a2: on 0');
    expect(shown).toContain('ended 0');
    expect(shown).not.toContain(SECRET);
    expect(shown.match(/Sudo password: /g)).toHaveLength(1);
  });

  test('a rerun is under sudo too, and is told the password anew', async () => {
    expect((await run('auto', ['-H', 'a1', 'exec', ...right(), 'id -u; exit 1'])).code).toBe(5);
    const bare = await run('auto', ['rerun', '--json']);
    expect(errors(bare)[0]).toMatch(/^sudo asks for a password/);
    const again = await run('auto', ['rerun', '--json', '--sudo-pass-file', secretFile('right')]);
    expect(outputs(again)).toEqual(['0\n|']);
  });

  test('check --sudo tells whether it works without a password', async () => {
    const result = await run('auto', ['-H', 'as-sh,a1', 'check', '--sudo', '--json']);
    const { results } = JSON.parse(result.out) as {
      results: {
        host: string;
        checks: { name: string; outcome: string; detail: string; mend: string | null }[];
      }[];
    };
    const found = results.map(({ checks }) => checks.find(({ name }) => name === 'sudo'));
    expect(found[0]).toMatchObject({ outcome: 'ok', detail: 'without a password' });
    expect(found[1]).toMatchObject({
      outcome: 'failed',
      detail: expect.stringContaining('password is required'),
    });
    expect(found[1]?.mend).toContain('NOPASSWD');
    expect(result.code).not.toBe(0);
  });

  describe('in the library', () => {
    const options = (): { readonly sshConfig: string; readonly connectTimeout: '40s' } => ({
      sshConfig: fleet.configPath,
      connectTimeout: '40s',
    });

    test('asks its function once, and shows nobody what it gave', async () => {
      let asked = 0;
      const sudoPassword = async (): Promise<string> => {
        asked += 1;
        return SECRET;
      };
      await using all = new Cluster('a[1-3]', { ...options(), sudo: true, sudoPassword });
      const { results } = await all.execute('id -u');
      expect(results.map(({ stdout }) => stdout.text())).toEqual(['0\n', '0\n', '0\n']);
      expect(asked).toBe(1);
      expect(inspect([all, results], { depth: 20, showHidden: true })).not.toContain(SECRET);
      const failed = await all.execute('id -u', { sudoPassword: WRONG });
      expect(failed.results.map(({ status }) => status).sort()).toEqual(['failed', 'skipped', 'skipped']);
      expect((await all.execute('id -un', { sudo: false })).results[0]?.stdout.text()).toBe(`${asks}\n`);
      expect(inspect(failed, { depth: 20 })).not.toContain(WRONG);
    });

    test('what is given up while sudo asks was never run, and sudo is gone', async () => {
      await using machine = new Machine('a1', options());
      const controller = new AbortController();
      const sudoPassword = (): Promise<string> => {
        // Sudo waits at its prompt.
        controller.abort();
        return new Promise(() => undefined);
      };
      const file = join(bare, 'touched');
      const result = await machine.execute(`touch ${file}`, {
        sudoUser: 'root',
        sudoPassword,
        signal: controller.signal,
      });
      expect([result.status, result.killed]).toEqual(['canceled', 'confirmed']);
      expect(existsSync(file)).toBe(false);
      if (accounts !== null) expect(sudoFolders(accounts)).toEqual([]);
    });

    test('spawn gives the streams of a command that runs, or throws', async () => {
      await using machine = new Machine('a1', options());
      const child = await machine.spawn('cat; id -u', { sudo: true, sudoPassword: SECRET });
      child.stderr.resume();
      child.stdin.end('input\n');
      expect(Buffer.concat(await child.stdout.toArray()).toString()).toBe('input\n0\n');
      expect((await child.exited).status).toBe('ok');
      await expect(machine.spawn('id', { sudo: true })).rejects.toMatchObject({ code: 'ERR_SUDO' });
      await expect(machine.execute('id', { sudoUser: '-x' })).rejects.toMatchObject({ code: 'ERR_USAGE' });
    });
  });

  test('nothing is left of any of it', async () => {
    if (accounts !== null) expect(sudoFolders(accounts)).toEqual([]);
    expect(await readFile(join(logs, 'sudo.log'), 'utf8')).not.toContain(SECRET);
  });
});
