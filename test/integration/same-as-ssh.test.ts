import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Accounts, makeAccounts } from '../fleet/accounts.js';
import { ensureShells, type ShellName } from '../fleet/ensure-shells.js';
import { type Fleet, startFleet } from '../fleet/fleet.js';
import { BIN, parseRun, type RunDocument, runCli } from './cli.js';
import { EXCEPTIONS, TEXTS, withoutNumbers } from './shell-texts.js';

const LOGIN_SHELLS: readonly ShellName[] = ['sh', 'bash', 'zsh', 'tcsh', 'fish'];

/** How it ended as ssh tells it: 255 for a signal. */
interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

let accounts: Accounts;
let fleet: Fleet;
let hosts: readonly { readonly name: string; readonly shell: string }[];
/** By host, in the order of the texts. */
const plain = new Map<string, readonly Ran[]>();
const ALL_TEXTS = [...TEXTS, ...EXCEPTIONS.map(({ text }) => text)];

beforeAll(async () => {
  const shells = ensureShells((line) => console.log(line));
  accounts = makeAccounts(LOGIN_SHELLS.map((name) => [name, shells[name]]));
  // Who is not root has one account, with the shell it has.
  const logins = accounts.list.length > 1 ? accounts.list.slice(1) : accounts.list;
  hosts = logins.map(({ shell }) => ({ name: `with-${shell}`, shell }));
  fleet = await startFleet({
    hosts: logins.map(({ user, shell }) => ({ name: `with-${shell}`, user })),
  });
  await Promise.all(hosts.map(async ({ name }) => plain.set(name, await runPlain(name))));
}, 300_000);
afterAll(async () => {
  if (fleet !== undefined) await runCli(['masters', 'close'], { env: fleet.env });
  for (const { name } of hosts ?? []) await ssh(name, ['-O', 'exit']);
  await fleet?.stop();
  accounts?.remove();
});

function ssh(host: string, args: readonly string[], text?: string): Promise<Ran> {
  const master = ['ControlMaster=auto', `ControlPath=${join(fleet.dir, host)}`, 'ControlPersist=yes'];
  const options = ['-F', fleet.configPath, ...master.flatMap((option) => ['-o', option]), ...args, host];
  const all = [...options, ...(text === undefined ? [] : ['--', text])];
  return new Promise((resolve) => {
    const child = execFile(
      'ssh',
      all,
      { env: fleet.env, encoding: 'latin1', timeout: 60_000 },
      (error, stdout, stderr) => {
        resolve({ status: error === null ? 0 : Number(error.code), stdout, stderr });
      },
    );
    child.stdin?.end();
  });
}

async function runPlain(host: string): Promise<Ran[]> {
  const all: Ran[] = [];
  for (const text of ALL_TEXTS) all.push(await ssh(host, ['-T'], text));
  return all;
}

type Result = RunDocument['results'][number] & { readonly stderrEncoding?: 'utf8' | 'base64' };

function asRan(result: Result): Ran {
  const { exitCode, status, stdout, stderr, stdoutEncoding, stderrEncoding = 'utf8' } = result;
  return {
    status: status === 'signaled' ? 255 : exitCode,
    stdout: Buffer.from(stdout, stdoutEncoding).toString('latin1'),
    stderr: Buffer.from(stderr, stderrEncoding).toString('latin1'),
  };
}

const comparable = (text: string, { status, stdout, stderr }: Ran) => ({
  text: text.slice(0, 200),
  status,
  stdout: withoutNumbers(stdout),
  stderr: withoutNumbers(stderr),
});

test('there are as many texts as it claims', () => {
  expect(new Set(TEXTS).size).toBe(TEXTS.length);
  expect(TEXTS.length).toBeGreaterThan(43);
});

test('a command of bytes that are no UTF-8 is refused, not sent as another', async () => {
  const text = `exec "$0" "$1" -H with-sh exec "echo $(printf 'a\\377b')"`;
  const { status, stderr } = await new Promise<{ status: unknown; stderr: string }>((resolve) => {
    execFile('sh', ['-c', text, process.execPath, BIN], { env: fleet.env }, (error, _, stderr) =>
      resolve({ status: error?.code, stderr }),
    );
  });
  expect(stderr).toContain('holds bytes that are no UTF-8; send the command over stdin (-I exec sh)');
  expect(status).toBe(2);
  const result = await runCli(
    ['-F', fleet.configPath, '-H', hosts[0]?.name ?? '', 'exec', '-N', '-I', 'sh'],
    {
      env: fleet.env,
      input: Buffer.from('echo a\xffb\n', 'latin1'),
    },
  );
  expect(result.stdout).toEqual(Buffer.from('a\xffb\n', 'latin1'));
});

const FRAMES: readonly (readonly [name: string, args: readonly string[]])[] = [
  ['the variables of pssh-ts', []],
  ['--env', ['--env', "EXTRA=it's \\ a ! value"]],
  ['--cwd', ['--cwd', '.']],
  ['--raw', ['--raw']],
];

// What is sent is the same over both: the second shows that it comes through as well, with and without a line before it.
const WAYS = [
  ['mux', FRAMES],
  ['process', FRAMES.filter(([, args]) => args.length < 2)],
] as const;

describe.each(WAYS)('over %s', (transport, frames) => {
  describe.each(frames)('with %s', (_, args) => {
    const results = new Map<string, Result[]>();
    beforeAll(async () => {
      const all = hosts.map(({ name }) => name).join(',');
      const commands = ALL_TEXTS.flatMap((text) => ['-c', text]);
      const shared = ['-F', fleet.configPath, '--transport', transport, '-t', '60', '-H', all];
      const run = await runCli([...shared, 'exec', '--json', '--keep-commands', ...args, ...commands], {
        env: fleet.env,
        deadlineMs: 150_000,
      });
      for (const result of parseRun(run).results)
        results.set(result.host, [...(results.get(result.host) ?? []), result]);
    }, 180_000);

    test.each(LOGIN_SHELLS)('a login with %s gives what plain ssh gives', (shell) => {
      for (const { name } of hosts.filter((host) => host.shell === shell)) {
        const ours = results.get(name) ?? [];
        expect(ours).toHaveLength(ALL_TEXTS.length);
        const both = TEXTS.map((text, index) => {
          const [mine, theirs] = [ours[index], plain.get(name)?.[index]];
          if (mine === undefined || theirs === undefined) throw new Error(`not run: ${text}`);
          return { mine: comparable(text, asRan(mine)), theirs: comparable(text, theirs) };
        });
        expect(both.map(({ mine }) => mine)).toEqual(both.map(({ theirs }) => theirs));
      }
    });

    test('a signal is told by its name over mux, and as a signal over ssh -S', () => {
      const index = TEXTS.indexOf('kill -KILL $$; echo never');
      for (const { name, shell } of hosts) {
        // fish has no $$, and says so.
        if (shell === 'fish') continue;
        const { status, signal } = results.get(name)?.[index] ?? {};
        expect([name, status, signal]).toEqual([name, 'signaled', transport === 'mux' ? 'KILL' : null]);
      }
    });

    test.each(EXCEPTIONS)('$text shows the line of variables where there is one', ({ text, shells }) => {
      const index = ALL_TEXTS.indexOf(text);
      for (const { name, shell } of hosts.filter((host) => shells.includes(host.shell))) {
        const [mine, theirs] = [results.get(name)?.[index]?.stdout, plain.get(name)?.[index]?.stdout];
        expect([shell, mine === theirs]).toEqual([shell, args.includes('--raw')]);
      }
    });
  });
});
