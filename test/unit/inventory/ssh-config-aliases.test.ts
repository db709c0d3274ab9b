import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { configFiles } from '../../../src/core/ssh-config-files.js';
import { sshConfigAliases } from '../../../src/inventory/ssh-config-aliases.js';
import { nodeReader } from '../../../src/ssh/config-reader.js';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'pssh-ts-config-'));
});
afterEach(() => {
  rmSync(home, { recursive: true, force: true });
});

function write(files: Record<string, string>): string {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(home, name)), { recursive: true, mode: 0o700 });
    writeFileSync(join(home, name), text.replaceAll('{home}', home), { mode: 0o600 });
  }
  return join(home, 'config');
}

const aliases = (entry: string): string[] => [
  ...sshConfigAliases(entry, nodeReader, { tildeHome: home }).hosts.keys(),
];

// Every block of the configs below sets a port, so a host that ssh knows has another one than 22.
function sshKnows(entry: string, name: string): boolean {
  const text = execFileSync('ssh', ['-G', '-F', entry, name], {
    encoding: 'utf8',
    env: { ...process.env, HOME: home },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return !/^port 22$/m.test(text);
}

function sshReads(entry: string): string[] {
  const log = execFileSync('sh', ['-c', 'ssh -vvv -G -F "$1" x 2>&1 >/dev/null', 'sh', entry], {
    encoding: 'utf8',
    env: { ...process.env, HOME: home },
  });
  return [
    ...new Set([entry, ...[...log.matchAll(/Including file (.*) depth/g)].map((match) => match[1] ?? '')]),
  ];
}

interface Case {
  readonly files: Record<string, string>;
  readonly listed: readonly string[];
  /** Names that stand in the files and are none. */
  readonly not?: readonly string[];
}

const CASES: Record<string, Case> = {
  'several on a line': {
    files: { config: 'Host a b c\n Port 1\nHost d\n Port 2' },
    listed: ['a', 'b', 'c', 'd'],
  },
  'spelling of the keyword': {
    files: { config: 'HOST=a\nPort=1\nhOsT = "b"\nPORT 2\n\thost\tc\r\n\tPort\t3\r\n' },
    listed: ['a', 'b', 'c'],
  },
  'quotes and comments': {
    files: { config: 'Host "a" \'b\' "c"d # e\n Port 1\n# Host f\nHost g#h\n Port 1' },
    listed: ['a', 'b', 'cd', 'g#h'],
    not: ['c', 'd', 'e', 'f', 'g'],
  },
  'patterns are no targets': {
    files: { config: 'Host *.eu w?b web1\n Port 1' },
    listed: ['web1'],
  },
  'negations take names away': {
    files: { config: 'Host a !a b\n Port 1\nHost !d d\n Port 2\nHost x1 x2 !x*\n Port 3' },
    listed: ['b'],
    not: ['a', 'd', 'x1', 'x2'],
  },
  'case counts': { files: { config: 'Host Web1\n Port 1' }, listed: ['Web1'], not: ['web1'] },
  'Include, relative, with ~ and absolute': {
    files: {
      config: 'Include one ~/two {home}/three\nHost z\n Port 1',
      '.ssh/one': 'Host one\n Port 1',
      two: 'Host two\n Port 1',
      three: 'Host three\n Port 1',
    },
    listed: ['one', 'two', 'three', 'z'],
  },
  'Include with globs, in byte order': {
    files: {
      config: 'include=conf.d/*.conf',
      '.ssh/conf.d/b.conf': 'Host b\n Port 1',
      '.ssh/conf.d/B.conf': 'Host B\n Port 1',
      '.ssh/conf.d/10.conf': 'Host ten\n Port 1',
      '.ssh/conf.d/9.conf': 'Host nine\n Port 1',
      '.ssh/conf.d/.hidden.conf': 'Host hidden\n Port 1',
      '.ssh/conf.d/x.txt': 'Host x\n Port 1',
    },
    listed: ['ten', 'nine', 'B', 'b'],
    not: ['hidden', 'x'],
  },
  'Include with sets, folders in between, escapes and no brace lists': {
    files: {
      config: 'Include {home}/*/[a-c].conf {home}/d/[!x-z].conf {home}/d/{p,q}.conf {home}/d/\\[k\\].conf',
      'd/a.conf': 'Host a\n Port 1',
      'd/d.conf': 'Host d\n Port 1',
      'd/x.conf': 'Host x\n Port 1',
      'd/pp.conf': 'Host pp\n Port 1',
      'd/[k].conf': 'Host k\n Port 1',
    },
    listed: ['a', 'd', 'k'],
    not: ['x', 'pp'],
  },
  'nested Include': {
    files: {
      config: 'Include l1',
      '.ssh/l1': 'Include l2\nHost l1\n Port 1',
      '.ssh/l2': 'Include l3\nHost l2\n Port 1',
      '.ssh/l3': 'Host l3\n Port 1',
    },
    listed: ['l3', 'l2', 'l1'],
  },
  'an Include below a Host line counts for that block only': {
    files: { config: 'Host a\n Include inner\nHost b\n Port 1', '.ssh/inner': 'Host a c\n Port 1' },
    listed: ['a', 'b'],
    not: ['c'],
  },
  'an Include below a pattern': {
    files: { config: 'Host web*\n Include inner', '.ssh/inner': 'Host web1 db1\n Port 1' },
    listed: ['web1'],
    not: ['db1'],
  },
  'the block goes on after the Include': {
    files: { config: 'Host a\n Include inner\n Port 2\nHost d\n Port 1', '.ssh/inner': 'Host zzz\n Port 1' },
    listed: ['a', 'd'],
    not: ['zzz'],
  },
  'an Include below Match all': {
    files: { config: 'Match all\n Include inner', '.ssh/inner': 'Host a\n Port 1' },
    listed: ['a'],
  },
  'Match names no target': {
    files: { config: 'Match host m1\n User x\nHost a\n Port 1' },
    listed: ['a'],
    not: ['m1'],
  },
  'names ssh takes apart': {
    files: { config: 'Host u@a ssh://b c\n Port 1' },
    listed: ['c'],
    not: [],
  },
  'a missing Include and a folder': {
    files: { config: 'Include nope {home}/d\nHost a\n Port 1', 'd/x': 'Host x\n Port 1' },
    listed: ['a'],
    not: ['x'],
  },
};

describe('aliases of an ssh_config, against ssh -G', () => {
  it.each(Object.entries(CASES))('%s', (_, { files, listed, not = [] }) => {
    const entry = write(files);
    expect(aliases(entry)).toEqual(listed);
    for (const name of listed) expect([name, sshKnows(entry, name)]).toEqual([name, true]);
    for (const name of not) expect([name, sshKnows(entry, name)]).toEqual([name, false]);
  });

  it.each(Object.entries(CASES))('reads the files ssh reads: %s', (_, { files }) => {
    const entry = write(files);
    const read = configFiles(entry, nodeReader, { tildeHome: home }).files.map(({ path }) => path);
    expect(read).toEqual(sshReads(entry).filter((path) => !path.endsWith('/d')));
  });
});

describe('a config ssh refuses', () => {
  it('is refused with the line', () => {
    const entry = write({ config: 'Host a\nHost "b' });
    expect(() => aliases(entry)).toThrowError(
      `${entry}:2: "invalid quotes"; ssh refuses this file; mend the line`,
    );
  });

  it('is refused when it includes itself', () => {
    const entry = write({ config: 'Include {home}/config' });
    expect(() => aliases(entry)).toThrowError(/too many nested Include lines/);
    expect(() => sshKnows(entry, 'a')).toThrowError();
  });

  it('is refused soon when its Includes multiply', () => {
    const files: Record<string, string> = { config: 'Include f0 f0' };
    for (let i = 0; i < 15; i++) files[`.ssh/f${i}`] = `Include f${i + 1} f${i + 1}`;
    expect(() => aliases(write({ ...files, '.ssh/f15': 'Host a' }))).toThrowError(/too many nested/);
  });
});

describe('configFiles', () => {
  const read = (config: string) => configFiles(write({ config }), nodeReader, { tildeHome: home });

  it('says where files alone do not decide', () => {
    expect(read('Match host a exec "test -f x"').hasMatchExec).toBe(true);
    expect(read('match !Exec="x"').hasMatchExec).toBe(true);
    expect(read('Match localnetwork 10.0.0.0/8').hasMatchExec).toBe(true);
    expect(read('Match host executive\nProxyCommand exec x').hasMatchExec).toBe(false);
    expect(read('Include ~bob/x').hasUnknownInclude).toBe(true);
    expect(read('Include $' + '{DIR}/x').hasUnknownInclude).toBe(true);
    expect(read('Include ~/x y').hasUnknownInclude).toBe(false);
  });

  it('is empty without a file', () => {
    const { files } = configFiles(join(home, 'none'), nodeReader, { tildeHome: home });
    expect(files).toEqual([]);
  });

  it('takes relative Includes of the system file from /etc/ssh and refuses ~', () => {
    const asked: string[] = [];
    const reader = {
      readFile: () => 'Include ssh_config.d/*.conf ~/x /abs',
      glob: (pattern: string) => {
        asked.push(pattern);
        return [];
      },
    };
    configFiles('/etc/ssh/ssh_config', reader, { tildeHome: '/home/[x]', system: true });
    configFiles('/home/[x]/.ssh/config', reader, { tildeHome: '/home/[x]' });
    expect(asked).toEqual([
      '/etc/ssh/ssh_config.d/*.conf',
      '/abs',
      '/home/\\[x\\]/.ssh/ssh_config.d/*.conf',
      '/home/\\[x\\]/x',
      '/abs',
    ]);
  });
});
