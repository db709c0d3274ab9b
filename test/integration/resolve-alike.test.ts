import { writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { describe, expect, test } from 'vitest';
import { CONNECTION_DEFAULTS } from '../../src/core/options.js';
import { HostClasses, OWN } from '../../src/core/ssh-config-classes.js';
import { nodeReader } from '../../src/ssh/config-reader.js';
import { resolveConfig } from '../../src/ssh/resolve.js';
import { AlikeResolver } from '../../src/ssh/resolve-alike.js';
import { makeTarget } from '../unit/make.js';
import { tempFolder } from '../unit/temp-folder.js';

const folder = tempFolder();
const HOSTS = ['web1', 'web2', 'db1', 'db2', 'x'];

/** Whether some hosts share a class, so that the comparison is about something. */
const CONFIGS: Readonly<Record<string, { readonly text: string; readonly shares: boolean }>> = {
  'nothing but places': {
    text: 'Host web1\n HostName 10.0.0.1\n Port 2201\nHost web2\n HostName 10.0.0.2\n User deploy\nHost *\n Port 2222\n IdentityFile ~/.ssh/k',
    shares: true,
  },
  'a block for some': {
    text: 'ServerAliveInterval 7\nHost web*\n ForwardAgent yes\n SendEnv LANG\nHost db*\n ProxyJump bastion\nHost *\n SendEnv LC_*\n SetEnv A=b',
    shares: true,
  },
  'the first value wins': {
    text: 'Host web1 db1\n User one\n ForwardX11 yes\nHost w* !web2\n User two\n ServerAliveInterval 3\nHost *\n User three\n ServerAliveInterval 9',
    shares: true,
  },
  'HostName with the name in it': {
    text: 'Host web*\n HostName %h.example.com\nHost *\n ForwardAgent no',
    shares: true,
  },
  'tokens in a value': {
    text: 'Host web*\n ControlPath /tmp/cm-%h\nHost db*\n ForwardAgent yes',
    shares: true,
  },
  'a file included for some': {
    text: 'Host web*\n Include INC\nHost *\n ServerAliveInterval 4',
    shares: true,
  },
  'a Match': { text: 'Match host web1\n ForwardAgent yes\nHost *\n User u', shares: false },
  'canonical names': { text: 'CanonicalizeHostname yes\nHost web*\n ForwardAgent yes', shares: false },
};

describe.each(Object.entries(CONFIGS))('%s', (_name, { text, shares }) => {
  test('what is told of a host without asking ssh is what ssh says', async () => {
    const sshConfig = folder.file('config');
    writeFileSync(folder.file('inc'), 'Port 77\nHost *1\n ForwardAgent yes\n SetEnv B=c\n');
    writeFileSync(sshConfig, `${text.replace('INC', folder.file('inc'))}\n`);
    const connection = { ...CONNECTION_DEFAULTS, sshConfig };
    const alike = new AlikeResolver(connection);
    for (const host of HOSTS) {
      const target = makeTarget(host);
      const truth = await resolveConfig(target, connection);
      const told = await alike.resolve(target, AbortSignal.timeout(20_000));
      const { hostname, user, port, proxyJump, serverAliveInterval } = truth;
      expect(told).toMatchObject({ hostname, port, proxyJump, serverAliveInterval });
      expect(told.user ?? userInfo().username).toBe(user);
      for (const [keyword, values] of truth.values)
        if (!OWN.has(keyword)) expect([keyword, told.values.get(keyword)]).toEqual([keyword, values]);
    }
    const classes = new HostClasses([{ path: sshConfig, tildeHome: folder.path }], nodeReader);
    const keys = HOSTS.flatMap((host) => classes.classOf(host)?.key ?? []);
    expect(new Set(keys).size < keys.length).toBe(shares);
  });
});

test('a host without a User does not get that of the first host, whose own block names one', async () => {
  const sshConfig = folder.file('own-user');
  writeFileSync(sshConfig, 'Host web1\n User deploy\nHost web2\n Port 2202\nHost web3\n User three\n');
  const alike = new AlikeResolver({ ...CONNECTION_DEFAULTS, sshConfig });
  const told: unknown[] = [];
  for (const host of ['web1', 'web2', 'web3', 'web4']) {
    const { user, port } = await alike.resolve(makeTarget(host), AbortSignal.timeout(20_000));
    told.push([host, user, port]);
  }
  expect(told).toEqual([
    ['web1', 'deploy', 22],
    ['web2', null, 2202],
    ['web3', 'three', 22],
    ['web4', null, 22],
  ]);
});
