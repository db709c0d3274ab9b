import { spawnSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runCli } from './cli.js';

let dir: string;
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'pt-hosts-'));
  await mkdir(join(dir, '.config', 'pssh-ts'), { recursive: true });
  env = { PATH: process.env.PATH, HOME: dir };
  const write = (name: string, text: string) => writeFile(join(dir, name), text);
  await write(
    'ssh_config',
    'Host web1 web2 "db 1" !no\n  User deploy\nHost alpha\n  HostName 192.0.2.7\n  Port 2200\n  ProxyJump jump.example\n',
  );
  await write(
    'inv.ini',
    '[web]\nw1 ansible_host=192.0.2.1 ansible_user=deploy role=front\nw2\n[db]\nd1 ansible_password=s3cret\n[all:vars]\nzone=eu\n',
  );
  await write('list.txt', 'a\nb:2222\nc deploy # third\n');
  await write('web1', 'x1\nx2\n');
  await write('README', 'This is not a list of hosts, it is prose.\n');
  await write(
    'script',
    '#!/bin/sh\ntouch ran\necho \'{"g": {"hosts": ["s1", "s2"]}, "_meta": {"hostvars": {"s1": {"rack": "r1"}}}}\'\n',
  );
  await chmod(join(dir, 'script'), 0o755);
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const run = (args: readonly string[], input = '', more: NodeJS.ProcessEnv = {}) =>
  runCli(args, { env: { ...env, ...more }, cwd: dir, input });
const lines = async (...args: string[]) =>
  (await run(['-F', 'ssh_config', ...args, 'hosts'])).out.trimEnd().split('\n');

describe('hosts', () => {
  test.each<[string[], string, string]>([
    [['hosts', '--fold', 'node1', 'node3', 'node2', 'node7'], '', 'node[1-3,7]\n'],
    [['hosts', '--fold'], 'n08 n09\n# a comment\nn10\n', 'n[08-10]\n'],
    [['hosts', '--expand', 'n[1-3]!n2'], '', 'n1 n3\n'],
    [['hosts', '--expand', '--separator', ',', 'n[1-3]'], '', 'n1,n2,n3\n'],
    [['hosts', '--fold', '--separator', '\\n', 'a[1-2]', 'b[1-2]'], '', 'a[1-2]\nb[1-2]\n'],
    [['hosts', '--count', 'n[1-1000000]'], '', '1000000\n'],
    [['hosts', '--count', 'n[1-10]', 'n[5-15]'], '', '15\n'],
    [['hosts', 'b,a', 'b'], '', 'b\na\n'],
    [['-H', 'n[1-9]', '-x', 'n[2-8]', 'hosts'], '', 'n1\nn9\n'],
    [['-H', 'n[1-9]', '--pick', '4', 'hosts', '--count'], '', '4\n'],
    [['--hostfile', '-', 'hosts', '--expand'], 'h1\nh2:22\n', 'h1 h2:22\n'],
  ])('%j prints what nodeset would', async (args, input, out) => {
    expect(await run(args, input)).toMatchObject({ out, code: 0 });
  });

  test('--json has users, variables and groups, but no secrets', async () => {
    const { out } = await run(['--hostfile', 'inv.ini', '-a', 'hosts', '--json']);
    const document = JSON.parse(out) as { schema: string; hosts: unknown[]; groups: unknown };
    expect(document.schema).toBe('pssh-ts/hosts@1');
    expect(document.hosts[0]).toMatchObject({
      host: 'w1',
      user: 'deploy',
      port: null,
      vars: { role: 'front', zone: 'eu' },
    });
    expect(document.groups).toMatchObject({ web: ['w1', 'w2'], db: ['d1'], all: ['w1', 'w2', 'd1'] });
    expect(out).not.toContain('s3cret');
  });

  test('--regroup names groups where they are whole', async () => {
    expect((await run(['--hostfile', 'inv.ini', 'hosts', '--regroup', 'w1,w2,x[1-3]'])).out).toBe(
      '@web,x[1-3]\n',
    );
  });

  test('--resolved says what ssh -G says', async () => {
    const names = ['alpha', 'web1', 'plain.example'];
    const { out } = await run(['-F', 'ssh_config', '-H', names.join(','), 'hosts', '--json', '--resolved']);
    const { hosts } = JSON.parse(out) as { hosts: { resolved: Record<string, unknown> }[] };
    for (const [place, name] of names.entries()) {
      const asked = spawnSync('ssh', ['-G', '-F', join(dir, 'ssh_config'), name], {
        encoding: 'utf8',
      }).stdout;
      const value = (keyword: string) => new RegExp(`^${keyword} (.*)$`, 'm').exec(asked)?.[1] ?? null;
      expect(hosts[place]?.resolved).toMatchObject({
        hostname: value('hostname'),
        user: value('user'),
        port: Number(value('port')),
        proxyJump: value('proxyjump'),
      });
    }
    const table = await run(['-F', 'ssh_config', '-H', 'alpha', '-l', 'me', 'hosts', '--resolved']);
    expect(table.out).toBe('alpha me@192.0.2.7:2200 via jump.example\n');
  });
});

describe('where targets come from', () => {
  test('a wildcard chooses among aliases and inventory names, in their order', async () => {
    expect(await lines('-H', 'web*')).toEqual(['web1', 'web2']);
    expect(await lines('--hostfile', 'inv.ini', '-H', 'w?')).toEqual(['w1', 'w2']);
  });

  test('an alias that is also a file is the alias; a file of hosts is read, and a note says so', async () => {
    expect(await lines('-H', 'web1')).toEqual(['web1']);
    expect(await lines('-H', './web1')).toEqual(['x1', 'x2']);
    expect(await lines('-H', '^web1')).toEqual(['x1', 'x2']);
    const list = await run(['-F', 'ssh_config', '-H', 'list.txt', 'hosts']);
    expect(list.out).toBe('a\nb:2222\ndeploy@c\n');
    expect(list.err).toBe(
      'pssh-ts: -H "list.txt" is read as a file of hosts (write ./list.txt to say so, or --hostfile)\n',
    );
    expect(await lines('-H', 'README')).toEqual(['README']);
  });

  test('groups: -g, @group, @*, -a, and set operations on them', async () => {
    const inventory = ['--hostfile', 'inv.ini'];
    expect(await lines(...inventory, '-g', 'web')).toEqual(['w1', 'w2']);
    expect(await lines(...inventory, '-H', '@web!w1,@db')).toEqual(['w2', 'd1']);
    expect(await lines(...inventory, '-a')).toEqual(['w1', 'w2', 'd1']);
    expect(await lines(...inventory)).toEqual(['w1', 'w2', 'd1']);
    expect(await lines('--hostfile', 'list.txt', '-H', 'z')).toEqual(['a', 'b:2222', 'deploy@c', 'z']);
  });

  test('an inventory script is run only when it is named as one', async () => {
    const refused = await run(['--hostfile', 'script', 'hosts']);
    expect(refused).toMatchObject({ code: 2, out: '' });
    expect(refused.err).toContain('--inventory-script');
    expect(await lines('-H', 'ran')).toEqual(['ran']);
    expect(await lines('--inventory-script', 'script', '-g', 'g')).toEqual(['s1', 's2']);
    expect(await lines('-H', './ran').catch(() => [])).not.toEqual(['s1', 's2']);
  });

  test('the config file gives defaults, groups and the inventory; variables and flags go before it', async () => {
    const file = join(dir, '.config', 'pssh-ts', 'config.ini');
    await writeFile(
      file,
      'user = filed\nfanout = 7\nssh-option[] = Compression=yes\nssh-option[] = Port=99\ninventory = ../../inv.ini\n[group.front.eu]\nhosts = w1,z[1-2]\n',
    );
    expect(await lines('-g', 'front.eu')).toEqual(['w1', 'z1', 'z2']);
    expect(await lines('-a')).toEqual(['w1', 'w2', 'd1']);
    const dry = (args: string[], more: NodeJS.ProcessEnv = {}) =>
      run([...args, '-H', 'h', 'exec', '--dry-run', 'x'], '', more);
    expect((await dry([])).out).toBe('h: [ssh -l filed -o Compression=yes -o Port=99 h] x\n');
    expect((await dry([], { PSSH_TS_USER: 'varied' })).out).toContain('-l varied');
    const home = join(dir, 'home.ini');
    await writeFile(home, 'inventory = ~/inv.ini\n');
    expect(await lines('--config', home, '-g', 'web')).toEqual(['w1', 'w2']);
    expect((await dry(['-l', 'flagged'], { PSSH_TS_USER: 'varied' })).out).toContain('-l flagged');
    const shown = await run(['config'], '', { PSSH_TS_USER: 'varied' });
    expect(shown.out).toContain('user = varied  (PSSH_TS_USER)\n');
    expect(shown.out).toContain(`fanout = 7  (${file}:2)\n`);
    expect(shown.out).toContain(`@front.eu = w1,z[1-2]  (${file}:7)\n`);
    await rm(file);
  });

  test.each<[string[], string, RegExp]>([
    [['-g', 'wbe'], 'inventory = inv.ini\n', /-g: column 1 of "@wbe": no group "wbe"; did you mean "web"\?/],
    [['-H', 'wbe*'], '', /-H: column 1 of "wbe\*": no name matches/],
    [['-H', 'n[1-'], '', /-H: column 4 of "n\[1-"/],
    [['-H', 'n[1-99999999]'], '', /-H: .*99999999|more than/],
    [['-H', 'a', '--pick', '0'], '', /--pick: "0" is no whole number/],
    [
      ['--hostfile', 'inv.ini', '--hostfile-format', 'toml'],
      '',
      /--hostfile-format: "toml" is none; one of: list/,
    ],
    [['-H', 'a'], 'fanuot = 3\n', /config.ini:1: unknown key "fanuot"; did you mean fanout\?/],
    [['-H', 'a'], '\n[gruop.x]\nhosts = a\n', /config.ini:2: unknown section "gruop"/],
    [['-H', 'a'], '[group.x]\nhost = a\n', /config.ini:2: unknown key "host" in a group/],
    [['-g', 'x'], '[group.x]\nhosts = a,@x\n', /config.ini:2: group "x" holds itself/],
    [['-H', 'a'], 'quiet = maybe\n', /config.ini:1: "maybe" is neither true nor false/],
    [['-a'], '', /-a: there is no inventory/],
  ])('%j with the config %j is one line and exit 2', async (args, config, message) => {
    const file = join(dir, 'config.ini');
    await writeFile(file, config);
    const result = await run(['-F', 'ssh_config', '--config', file, ...args, 'exec', 'true']);
    expect(result.err).toMatch(message);
    expect(result.err.trimEnd().split('\n')).toHaveLength(1);
    expect(result).toMatchObject({ code: 2, out: '' });
  });

  test('an unknown variable of ours is named', async () => {
    const result = await run(['-H', 'a', 'hosts'], '', { PSSH_TS_FANUOT: '3' });
    expect(result.err).toContain('unknown variable "PSSH_TS_FANUOT"; did you mean PSSH_TS_FANOUT?');
    expect(result.code).toBe(2);
  });
});
