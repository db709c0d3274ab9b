/** Every text of the corpus wherever a host, user, group, key or jump host is named: refused in one line, or no more than data. */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Fleet, startFleet } from '../fleet/fleet.js';
import { CANARY, HOSTILE, SENDABLE } from '../injection-corpus.js';
import { type Ran, run } from '../unit/cli/memory-io.js';
import { type Canary, plantCanary } from './canary.js';
import { type CliResult, parseRun, runCli } from './cli.js';
import { type CountingSsh, countingSsh } from './counting-ssh.js';

let dir: string;
let canary: Canary;
let fleet: Fleet;
let ssh: CountingSsh;
let config: string;
/** Where the command is run, and what it names lies. */
let here: string;
const path = process.env.PATH;
const cwd = process.cwd();

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'pt-inj-'));
  // Whoever logs in has to find the canary.
  chmodSync(dir, 0o755);
  canary = plantCanary(dir);
  here = join(dir, 'here');
  mkdirSync(here);
  fleet = await startFleet({
    hosts: [{ name: 'web1', sshd: [`SetEnv PATH=${canary.folder}:/usr/bin:/bin`, 'MaxSessions 100'] }],
  });
  ssh = await countingSsh(dir, {
    ...fleet.env,
    PATH: `${canary.folder}${delimiter}${fleet.env.PATH}`,
  });
  const { address, port } = fleet.host('web1');
  config = join(dir, 'ssh_config');
  // Every name leads to the one server, and is put before a shell by the user's own config on its way there.
  const lines = [
    'Match exec "true %n %h %r"',
    '  Compression no',
    'Host *',
    `  HostName ${address}`,
    `  Port ${port}`,
    `  HostKeyAlias [${address}]:${port}`,
    `Include ${fleet.configPath}`,
  ];
  writeFileSync(config, `${lines.join('\n')}\n`);
  // Names of files are looked for in the current folder, and programs in PATH.
  process.chdir(here);
  process.env.PATH = ssh.env.PATH;
}, 120_000);
afterAll(async () => {
  process.chdir(cwd);
  process.env.PATH = path;
  if (fleet !== undefined) await runCli(['masters', 'close'], { env: fleet.env });
  await fleet?.stop();
  if (dir !== undefined) rmSync(dir, { recursive: true, force: true });
});

test('the corpus is as large as it claims', () => {
  expect(new Set(HOSTILE).size).toBe(HOSTILE.length);
  expect(HOSTILE.length).toBeGreaterThanOrEqual(150);
  expect(SENDABLE.length).toBeGreaterThanOrEqual(100);
});

test('the canary tells when it is run, here and on the host', async () => {
  const there = await runCli(['-F', config, '-H', 'web1', 'exec', `${CANARY} there`], { env: ssh.env });
  expect(there.code).toBe(0);
  const option = ['-o', `ProxyCommand=${CANARY} here`];
  await runCli(['-F', config, '-H', 'web1', ...option, 'exec', 'true'], { env: ssh.env });
  const hits = canary.hits();
  expect(hits.some((hit) => hit.includes(`${CANARY} there`))).toBe(true);
  expect(hits.some((hit) => hit.includes(`${CANARY} here`))).toBe(true);
});

/** A file whose text has the entry in it as it is. */
const file = (name: string, text: string): string => {
  writeFileSync(join(dir, name), text);
  return join(dir, name);
};
const json = (inventory: unknown): readonly string[] => [
  '--hostfile',
  file('hosts.json', JSON.stringify(inventory)),
];
const oneHost = (name: string, vars: Readonly<Record<string, string>>): readonly string[] => [
  ...json({ web: { hosts: [name] }, _meta: { hostvars: { [name]: vars } } }),
  '-a',
];
const text = (name: string, format: string, content: string): readonly string[] => [
  '--hostfile',
  file(name, content),
  '--hostfile-format',
  format,
];

/** Where an entry is said; each gives the options that say it. */
const PLACES: Readonly<Record<string, (entry: string) => readonly string[]>> = {
  '-H': (entry) => ['-H', entry],
  '-H, in a list': (entry) => ['-H', `web1,${entry},web2`],
  '-x': (entry) => ['-H', 'web1', '-x', entry],
  '-g': (entry) => ['-g', entry],
  '-l': (entry) => ['-H', 'web1', '-l', entry],
  '-J': (entry) => ['-H', 'web1', '-J', entry],
  '-i': (entry) => ['-H', 'web1', '-i', entry],
  '-F': (entry) => ['-H', 'web1', '-F', entry],
  '--known-hosts': (entry) => ['-H', 'web1', '--known-hosts', entry],
  '--port': (entry) => ['-H', 'web1', '--port', entry],
  '--hostfile': (entry) => ['--hostfile', entry],
  '--config': (entry) => ['-H', 'web1', '--config', entry],
  'a line of a hosts file': (entry) => text('list', 'list', `web1\n${entry}\n`),
  'the user of a line': (entry) => text('list', 'list', `web1 ${entry}\n`),
  'a line of an INI inventory': (entry) => [...text('hosts.ini', 'ini', `web1\n${entry}\n`), '-a'],
  'a section of an INI inventory': (entry) => [...text('hosts.ini', 'ini', `[${entry}]\nweb1\n`), '-a'],
  'a variable of an INI inventory': (entry) => [
    ...text('hosts.ini', 'ini', `[web]\nweb1\n[web:vars]\nansible_user=${entry}\n`),
    '-a',
  ],
  'a host of a YAML inventory': (entry) => [
    ...text('hosts.yaml', 'yaml', `all:\n  hosts:\n    ${JSON.stringify(entry)}:\n`),
    '-a',
  ],
  'a tag of a YAML inventory': (entry) => [
    ...text('hosts.yaml', 'yaml', `all:\n  hosts:\n    web1: ${entry}\n`),
    '-a',
  ],
  'a node of ClusterShell': (entry) => [...text('local.cfg', 'clustershell', `web: ${entry}\n`), '-g', 'web'],
  'a group of ClusterShell': (entry) => [...text('local.cfg', 'clustershell', `${entry}: web1\n`), '-g', '*'],
  'a host of JSON': (entry) => oneHost(entry, {}),
  'the name of a JSON host': (entry) => oneHost(entry, { ansible_host: 'web1' }),
  ansible_host: (entry) => oneHost('web1', { ansible_host: entry }),
  ansible_user: (entry) => oneHost('web1', { ansible_user: entry }),
  ansible_port: (entry) => oneHost('web1', { ansible_port: entry }),
  ansible_ssh_private_key_file: (entry) => oneHost('web1', { ansible_ssh_private_key_file: entry }),
  'ansible_ssh_args -J': (entry) =>
    oneHost('web1', { ansible_ssh_args: `-J '${entry.replaceAll("'", `'"'"'`)}'` }),
  'a variable of JSON': (entry) => oneHost('web1', { rack: entry }),
  'the name of a variable of JSON': (entry) => oneHost('web1', { [entry]: 'x' }),
  'a group of JSON': (entry) => [...json({ [entry]: { hosts: ['web1'] } }), '-g', entry],
  'a group of the config file': (entry) => [
    '--config',
    file('config.ini', `[group.${entry}]\nhosts = web1\n`),
    '-g',
    entry,
  ],
  'the hosts of a group of the config file': (entry) => [
    '--config',
    file('config.ini', `[group.web]\nhosts = ${entry}\n`),
    '-g',
    'web',
  ],
  'an alias of ssh_config': (entry) =>
    text('aliases', 'ssh-config', `Host web1 "${entry.replace(/["\\]/g, '\\$&')}"\n  Port 22\n`),
};

const VALUES = ['a variable of JSON', 'the name of a variable of JSON', 'ansible_ssh_private_key_file'];

/** Wherever ssh, a shell or a terminal could read it as something else. */
const UNSAFE = /^-|[\s'"`$\\;&<>|(){}\u0000-\u001f\u007f-\u009f\u2028\u2029]/u;
const CONTROL = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/u;

function expectRefused({ code, out, err }: Ran): void {
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err).toMatch(/^pssh-ts: [^\n]+\n$/);
  expect(err).not.toMatch(CONTROL);
}

describe.each(Object.keys(PLACES))('%s', (place) => {
  test('takes each as data or refuses it in one line, exit 2', async () => {
    const options = PLACES[place];
    if (options === undefined) throw new Error(place);
    let [taken, refused] = [0, 0];
    for (const entry of HOSTILE) {
      const config = place === '-F' ? [] : ['-F', join(dir, 'ssh_config')];
      const shown = await run([...config, ...options(entry), 'exec', '--dry-run', 'true'], ssh.env);
      if (shown.code !== 0) {
        refused += 1;
        expectRefused(shown);
        continue;
      }
      taken += 1;
      expect(shown.out + shown.err).not.toMatch(CONTROL);
      const lines = shown.out.trimEnd().split('\n');
      // Each host is a line of its own, whatever its name.
      expect(shown.err).toContain(`dry run: ${lines.length} host${lines.length === 1 ? ',' : 's,'}`);
      for (const line of lines) {
        const words = /\[ssh (.*)\] true$/.exec(line)?.[1] ?? '-';
        const host = words
          .split(' ')
          .at(-1)
          ?.replace(/^'(.*)'$/, '$1');
        expect([entry, host]).toEqual([entry, expect.not.stringMatching(UNSAFE)]);
      }
    }
    expect(taken + refused).toBe(HOSTILE.length);
    // What is only a value can be anything.
    if (!VALUES.includes(place)) expect(refused).toBeGreaterThan(5);
    expect(canary.hits()).toEqual([]);
  });
});

/** Which flags of ssh have an argument (ssh(1)). */
const WITH_ARGUMENT = 'BbcDEeFIiJLlmOoPpQRSWw';

/** What ssh was told, without what may differ from host to host: names, sockets, logs and the command. */
function skeleton(words: readonly string[]): string {
  const told: string[] = [];
  let host = 0;
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? '';
    if (word === '--') break;
    if (!word.startsWith('-') || word === '-') {
      host += 1;
      continue;
    }
    let letter = 1;
    while (letter < word.length && !WITH_ARGUMENT.includes(word.charAt(letter))) letter += 1;
    const flag = word.charAt(letter);
    if (flag === '') {
      told.push(word);
      continue;
    }
    const isNext = letter + 1 === word.length;
    if (isNext) at += 1;
    const argument = isNext ? (words[at] ?? '') : word.slice(letter + 1);
    const free = 'SElipJ'.includes(flag) || /^(ControlPath=|ProxyCommand=ssh -F none -S )/.test(argument);
    told.push(`${word.slice(0, letter + 1)} ${free ? '…' : argument}`);
  }
  return `${[...new Set(told)].sort().join(' ')}; ${host} host`;
}

const cli = (args: readonly string[]): Promise<CliResult> =>
  runCli(['-F', config, '-t', '40', '--persist', '0', '-f', '12', ...args], {
    env: ssh.env,
    cwd: here,
    deadlineMs: 120_000,
  });

describe('what is taken reaches ssh as the name it is', () => {
  // What ssh is told of hosts with plain names of all kinds.
  let plain: ReadonlySet<string>;
  beforeAll(async () => {
    await ssh.words();
    const inventory = json({
      web: { hosts: ['plain1', 'plain2', 'plain3'] },
      _meta: {
        hostvars: {
          plain1: { ansible_user: 'someone' },
          plain2: { ansible_ssh_args: '-J jump' },
          plain3: { ansible_ssh_private_key_file: 'key' },
        },
      },
    });
    await cli([...inventory, '-a', '-H', 'plain4,a@plain5,a@plain6:22,plain7:22', 'exec', 'true']);
    await cli(['-H', 'plain', '-i', 'key', 'exec', 'true'].map((word) => word));
    plain = new Set((await ssh.words()).map(skeleton));
    expect(plain.size).toBeGreaterThan(3);
  }, 120_000);

  const expectNothingElse = async (): Promise<void> => {
    const all = await ssh.words();
    expect(all.length).toBeGreaterThan(0);
    expect(all.filter((words) => !plain.has(skeleton(words)))).toEqual([]);
    expect(canary.hits()).toEqual([]);
  };

  test('hosts: each that is a name alone logs in, and finds its name as it was written', async () => {
    const taken: string[] = [];
    for (const entry of HOSTILE) {
      const asked = await run(['-F', config, '-H', entry, 'hosts', '--json'], ssh.env);
      if (asked.code === 0) taken.push(entry);
    }
    expect(taken.length).toBeGreaterThan(20);
    const hosts = taken.flatMap((entry) => ['-H', entry]);
    const { results } = parseRun(await cli([...hosts, 'exec', '--json', 'printf "%s\\0" "$PSSH_HOST"']));
    const login = results.filter(({ status }) => status === 'ok');
    expect(login.length).toBeGreaterThan(15);
    expect(login.map(({ stdout }) => stdout)).toEqual(login.map(({ host }) => `${host}\0`));
    // The others name a user or a port that the server does not have.
    const others = results.filter(({ status }) => status !== 'ok') as readonly {
      readonly status: string;
      readonly user?: string | null;
      readonly port?: number | null;
    }[];
    for (const other of others) {
      expect(['auth-failed', 'unreachable']).toContain(other.status);
      expect([other.user, other.port]).not.toEqual([null, null]);
    }
    await expectNothingElse();
  }, 180_000);

  test('users', async () => {
    const hostvars: Record<string, Record<string, string>> = {};
    for (const [place, entry] of HOSTILE.entries()) {
      const asked = await run(['-F', config, '-H', 'web1', '-l', entry, 'hosts', '--json'], ssh.env);
      if (asked.code === 0) hostvars[`user${place}`] = { ansible_user: entry };
    }
    const names = Object.keys(hostvars);
    expect(names.length).toBeGreaterThan(20);
    const inventory = json({ web: { hosts: names }, _meta: { hostvars } });
    const { results } = parseRun(await cli([...inventory, '-a', 'exec', '--json', 'true']));
    expect(results).toHaveLength(names.length);
    for (const { status } of results) expect(['auth-failed', 'unreachable']).toContain(status);
    const asUser = (await ssh.words()).flatMap((words) => (words.includes('-l') ? [words] : []));
    const users = new Set(asUser.map((words) => words[words.indexOf('-l') + 1]));
    expect([...users].sort()).toEqual(
      Object.values(hostvars)
        .map((vars) => vars.ansible_user)
        .sort(),
    );
    expect(asUser.filter((words) => !plain.has(skeleton(words)))).toEqual([]);
    expect(canary.hits()).toEqual([]);
  }, 180_000);

  test('jump hosts', async () => {
    const hostvars: Record<string, Record<string, string>> = {};
    for (const [place, entry] of HOSTILE.entries()) {
      const asked = await run(['-F', config, '-H', 'web1', '-J', entry, 'hosts', '--json'], ssh.env);
      if (asked.code === 0 && entry === entry.trim())
        hostvars[`behind${place}`] = { ansible_ssh_args: `-J '${entry}'` };
    }
    const names = Object.keys(hostvars);
    expect(names.length).toBeGreaterThan(10);
    const inventory = json({ web: { hosts: names }, _meta: { hostvars } });
    const document = parseRun(await cli([...inventory, '-a', 'exec', '--json', 'true']));
    expect(document.summary.ok).toBeGreaterThan(5);
    await expectNothingElse();
  }, 180_000);

  test('keys: files of these names are files', async () => {
    const keys = HOSTILE.filter(isFileName).slice(0, 90);
    expect(keys.length).toBeGreaterThan(70);
    for (const key of keys) writeFileSync(join(here, key), 'no key\n');
    try {
      const options = keys.flatMap((key) => ['-i', key]);
      const run = await cli(['-H', 'web1', ...options, 'exec', 'echo in']);
      expect(run.out, run.err).toBe('web1: in\n');
      await expectNothingElse();
    } finally {
      for (const key of keys) rmSync(join(here, key), { force: true });
    }
  });
});

function isFileName(entry: string): boolean {
  // Tokens and variables in the name of a key are ssh's to read: what does not fit it refuses.
  const isPlain = !/[/\0%]|\$\{|^\.{1,2}$/.test(entry);
  return isPlain && entry !== '' && entry.length < 255 && !existsSync(join(here, entry));
}
