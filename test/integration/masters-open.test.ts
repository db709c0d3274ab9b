import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { makeAccounts } from '../fleet/accounts.js';
import { type Fleet, startFleet } from '../fleet/fleet.js';
import { leftovers } from '../fleet/leftovers.js';
import { runOrThrow } from '../fleet/run-or-throw.js';
import { startUsersMaster } from '../fleet/users-master.js';
import { BIN, parseRun, runCli } from './cli.js';
import { startTerminal, type Terminal } from './terminal.js';

// As names: these are no programs of a package that we would have to list.
const KEYGEN = 'ssh-keygen';
const SET_PASSWORD = 'chpasswd';
const SECRET = 'Correct-Horse-7';

/** A way to log in that asks: what it needs of the fleet, and what ssh asks. */
interface Asking {
  readonly question: RegExp;
  readonly client: (dir: string) => readonly string[];
  readonly sshd: readonly string[];
  /** @returns undoes it */
  readonly prepare: (dir: string) => { readonly user?: string; readonly undo: () => void };
}

const passphrase: Asking = {
  question: /Enter passphrase for key .*locked/,
  client: (dir) => [`IdentityFile ${dir}/locked`, 'IdentitiesOnly yes'],
  sshd: [],
  prepare: (dir) => {
    runOrThrow(KEYGEN, ['-q', '-t', 'ed25519', '-N', SECRET, '-f', join(dir, 'locked')]);
    return { undo: () => {} };
  },
};

const password: Asking = {
  question: /password:/,
  client: () => ['PubkeyAuthentication no', 'PreferredAuthentications password'],
  sshd: ['PasswordAuthentication yes', 'KbdInteractiveAuthentication no'],
  prepare: () => {
    const accounts = makeAccounts([['sh', '/bin/sh']]);
    const user = accounts.list[1]?.user ?? '';
    runOrThrow(SET_PASSWORD, [], `${user}:${SECRET}\n`);
    return { user, undo: () => accounts.remove() };
  },
};

// Accounts with a password only root can make.
const WAYS: readonly (readonly [string, Asking])[] = [
  ['a key with a passphrase', passphrase],
  ...(userInfo().uid === 0 ? [['a password', password] as const] : []),
];

describe.each(WAYS)('with %s', (_, { question, client, sshd, prepare }) => {
  let dir: string;
  let fleet: Fleet;
  let undo = (): void => undefined;
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'pt-key-'));
    await chmod(dir, 0o700);
    const prepared = prepare(dir);
    undo = prepared.undo;
    const keys = join(dir, 'locked.pub');
    const spec = {
      client: client(dir),
      sshd: [
        ...sshd,
        ...(prepared.user === undefined ? [`AuthorizedKeysFile ${keys}`, 'StrictModes no'] : []),
      ],
      ...(prepared.user === undefined ? {} : { user: prepared.user }),
    };
    const behind = (jump: string) => ({ client: [`ProxyJump ${jump}`, ...spec.client] });
    fleet = await startFleet({
      hosts: [
        { name: 'asks', ...spec },
        { name: 'asks2', ...spec },
        { name: 'quiet' },
        // Behind a bastion that asks: two that ask as well, one that does not, one with another bastion between.
        { name: 'inner1', ...spec, ...behind('asks') },
        { name: 'inner2', ...spec, ...behind('asks') },
        { name: 'plain', client: ['ProxyJump asks'] },
        { name: 'deep', client: ['ProxyJump inner1'] },
        // Behind one that does not.
        { name: 'inner3', ...spec, ...behind('quiet') },
      ],
    });
  });
  afterAll(async () => {
    await runCli(['masters', 'close'], { env: fleet.env });
    await fleet.stop();
    undo();
    await rm(dir, { recursive: true, force: true });
  });
  beforeEach(async () => {
    await runCli(['masters', 'close'], { env: fleet.env });
  });

  const run = (args: readonly string[]) =>
    runCli(['-F', fleet.configPath, '-t', '30', ...args], { env: fleet.env });

  /** What is open serves them: each answers, and nobody logs in. */
  async function serves(...names: string[]): Promise<void> {
    const result = parseRun(await run(['-H', names.join(','), 'exec', '--json', 'echo $FLEET_HOST']));
    expect(result.results.map(({ stdout, attempts }) => [stdout, attempts])).toEqual(
      names.map((name) => [`${name}\n`, 0]),
    );
  }
  const onTerminal = (...args: readonly string[]): Terminal => {
    const env = { ...fleet.env, TERM: 'xterm', LC_ALL: 'C.UTF-8' };
    const terminal = startTerminal([process.execPath, BIN, '-F', fleet.configPath, ...args], env);
    onTestFinished(() => terminal.end());
    return terminal;
  };

  test('ssh asks on the terminal, and an exec over what was opened asks nothing', async () => {
    expect(parseRun(await run(['-H', 'asks', 'exec', '--json', 'true'])).results[0]?.status).toBe(
      'auth-failed',
    );
    const terminal = onTerminal('masters', 'open', 'asks', 'asks2', 'quiet');
    await terminal.waitFor(question);
    terminal.type(SECRET);
    await terminal.waitFor(/asks2: logging in[\s\S]*(password|passphrase)/);
    terminal.type(SECRET);
    const shown = await terminal.waitFor(/ended \d/);
    expect(shown).toMatch(/asks: open \(process \d+\)/);
    expect(shown).toMatch(/asks2: open \(process \d+\)/);
    expect(shown).toMatch(/quiet: open \(process \d+\)/);
    expect(shown).toContain('3 opened');
    expect(shown).toContain('ended 0');
    expect(shown).not.toContain(SECRET);
    await serves('asks', 'asks2', 'quiet');
  });

  test('what is open already is told and left', async () => {
    const first = onTerminal('masters', 'open', 'asks');
    await first.waitFor(question);
    first.type(SECRET);
    await first.waitFor(/ended 0/);
    const list = async () => (await run(['masters', 'list', '--json'])).out.replace(/"ageMs":\d+/g, '');
    const before = await list();
    const again = onTerminal('masters', 'open', 'asks');
    const shown = await again.waitFor(/ended \d/);
    expect(shown).toMatch(/asks: open already \(process \d+\)/);
    expect(shown).toContain('0 opened, 1 open already');
    expect(await list()).toBe(before);
  });

  test('a wrong answer fails in ssh’s words, and the next host still has its turn', async () => {
    const terminal = onTerminal('-o', 'NumberOfPasswordPrompts=1', 'masters', 'open', 'asks', 'quiet');
    await terminal.waitFor(question);
    terminal.type('wrong');
    const shown = await terminal.waitFor(/ended \d/);
    expect(shown).toContain('Permission denied');
    expect(shown).toContain('asks: not opened');
    expect(shown).toContain('1 opened, 1 failed');
    expect(shown).toContain('ended 4');
  });

  test('^C at the question ends it: 130, nothing is left behind, what was open stays', async () => {
    const terminal = onTerminal('masters', 'open', 'quiet', 'asks', 'asks2');
    await terminal.waitFor(question);
    terminal.press('C-c');
    const shown = await terminal.waitFor(/ended \d/);
    expect(shown).toContain('ended 130');
    expect(shown).toContain('1 opened, 2 not tried to the end');
    const { processes } = await leftovers(fleet.dir);
    const masters = processes.filter(({ args }) => args.startsWith('ssh '));
    expect(masters.map(({ args }) => args.split(' ').at(-1))).toEqual(['quiet']);
    // The terminal is as it was: what is typed can be seen.
    terminal.type('visible');
    await terminal.waitFor(/visible\n+visible/);
  });

  /** Answers whatever is asked, until the program has ended. @returns what was asked, in turn */
  async function answerAll(
    terminal: Terminal,
  ): Promise<{ readonly asked: string[]; readonly shown: string }> {
    const asked: string[] = [];
    for (;;) {
      // A question stands at the end of what is shown, once more after each answer.
      const shown = await terminal.waitFor(/(ended \d|(password|passphrase for key '[^']*'):)\s*$/i);
      if (/ended \d\s*$/.test(shown)) return { asked, shown };
      const number = shown.match(new RegExp(question.source, 'g'))?.length ?? 0;
      if (number > asked.length) {
        asked.push(shown.trimEnd().split('\n').at(-1) ?? '');
        terminal.type(SECRET);
      }
    }
  }
  const accepted = async (): Promise<number> =>
    (await fleet.log('asks')).match(/^Accepted (publickey|password) for /gm)?.length ?? 0;
  interface Listed {
    readonly label: string;
    readonly via: string | null;
  }
  const listed = async (): Promise<readonly Listed[]> =>
    (JSON.parse((await run(['masters', 'list', '--json'])).out) as { masters: Listed[] }).masters;

  test('behind a bastion that asks: it asks once for all, then each target, and runs ask nothing', async () => {
    const before = await accepted();
    const { asked, shown } = await answerAll(onTerminal('masters', 'open', 'inner1', 'inner2', 'plain'));
    expect(shown).toContain('3 opened');
    expect(shown).toContain('ended 0');
    expect(asked).toHaveLength(3);
    expect(shown).toMatch(/asks: logging in[\s\S]*inner1: logging in[\s\S]*inner2: logging in/);
    expect((await accepted()) - before).toBe(1);
    const via = (await listed()).map(({ label, via: through }) => [label, through]);
    expect(via.sort()).toEqual([
      ['asks', null],
      ['inner1', 'asks'],
      ['inner2', 'asks'],
      ['plain', 'asks'],
    ]);
    await serves('inner1', 'inner2', 'plain');
    expect((await accepted()) - before).toBe(1);
  });

  test('a chain of two that ask, a bastion that does not, and what was open before', async () => {
    const chain = await answerAll(onTerminal('masters', 'open', 'deep'));
    expect(chain.shown).toContain('ended 0');
    expect(chain.asked).toHaveLength(2);
    // Its bastion stands, found by what is opened next.
    const next = await answerAll(onTerminal('masters', 'open', 'inner2', 'inner3'));
    expect(next.shown).toContain('2 opened');
    expect(next.asked).toHaveLength(2);
    await serves('deep', 'inner2', 'inner3');
  });

  test('the bastion itself, opened beside what is behind it, serves its own commands', async () => {
    const { asked, shown } = await answerAll(onTerminal('masters', 'open', 'asks', 'plain'));
    expect(shown).toContain('2 opened');
    expect(asked).toHaveLength(2);
    const result = parseRun(await run(['-H', 'asks,plain', 'exec', '--json', 'echo $FLEET_HOST']));
    expect(result.results.map(({ stdout }) => stdout)).toEqual(['asks\n', 'plain\n']);
  });

  test('a bastion that is not let in is told once, naming it, and not asked again by the next host', async () => {
    const terminal = onTerminal('-o', 'ConnectTimeout=20', 'masters', 'open', 'plain', 'inner1', 'quiet');
    await terminal.waitFor(question);
    terminal.press('C-d');
    let typed = 1;
    // Three tries of a password, three of a passphrase: then ssh gives up.
    for (let shown = ''; !/ended \d/.test(shown); ) {
      shown = await terminal.waitFor(/ended \d|(password|passphrase for key '[^']*'): *\s*$/i);
      const number = shown.match(new RegExp(question.source, 'g'))?.length ?? 0;
      if (/ended \d/.test(shown) || number <= typed) continue;
      typed = number;
      terminal.type('wrong');
    }
    const shown = terminal.screen();
    const reason = 'not opened: jump host asks: ssh could not log in; its reason stands above';
    expect(shown).toContain(`plain: ${reason}`);
    expect(shown).toContain(`inner1: ${reason}`);
    expect(shown.match(/asks: logging in/g)).toHaveLength(1);
    expect(shown).toContain('1 opened, 2 failed');
    expect(shown).toContain('ended 4');
  });

  test('without a terminal nothing is asked, and a line says so', async () => {
    const result = await run(['masters', 'open', 'asks', 'quiet']);
    expect(result.err).toContain('no terminal: ssh can ask nothing here (BatchMode)');
    expect(result.err).toContain('asks: not opened: ');
    expect(result.err).toContain('Permission denied');
    expect(result.err).toContain('1 opened, 1 failed');
    expect(result.code).toBe(4);
    expect((await run(['-v', '-H', 'quiet', 'exec', 'true'])).err).toContain('connected (live master)');
  });
});

describe('the rest of it', () => {
  let fleet: Fleet;
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'pt-cm-'));
    fleet = await startFleet({
      hosts: [{ name: 'mine', client: [`ControlPath ${folder}/%C`] }, { name: 'b' }],
    });
  });
  afterAll(async () => {
    await runCli(['masters', 'close'], { env: fleet.env });
    await fleet.stop();
    await rm(folder, { recursive: true, force: true });
  });
  const run = (args: readonly string[], env: NodeJS.ProcessEnv = {}) =>
    runCli(['-F', fleet.configPath, '-t', '30', ...args], { env: { ...fleet.env, ...env } });

  test("a live master of the user's own is told and left; --own-masters opens one of ours", async () => {
    const master = await startUsersMaster(fleet, 'mine');
    try {
      const told = await run(['masters', 'open', 'mine']);
      expect(told.err).toContain(`mine: your own master is open (process ${master.pid}); later runs use it`);
      expect(told.code).toBe(0);
      const ours = await run(['masters', 'open', '--own-masters', 'mine']);
      expect(ours.err).toContain('1 opened');
      expect(await master.isAlive()).toBe(true);
    } finally {
      await master.end();
    }
  });

  test('what it opens stays where CI is set; --persist 0 and --no-mux are refused', async () => {
    expect((await run(['masters', 'open', '-H', 'b'], { CI: 'true' })).code).toBe(0);
    expect((await run(['masters', 'list'])).out).toMatch(/^b /m);
    const refused = await run(['masters', 'open', '--persist', '0', 'b']);
    expect([refused.code, refused.err]).toEqual([
      2,
      'pssh-ts: masters open: --persist 0 would leave nothing open; leave it out, or write 1h\n',
    ]);
    expect((await run(['masters', 'open', '--no-mux', 'b'])).code).toBe(2);
    expect((await run(['masters', 'open'])).err).toContain('no target');
  });
});
