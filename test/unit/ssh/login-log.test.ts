import { expect, test } from 'vitest';
import { keyType, readLoginLog } from '../../../src/ssh/login-log.js';

test('a login is read with its host key and the key that opened it', () => {
  const log = readLoginLog(
    [
      'debug1: Remote protocol version 2.0, remote software version OpenSSH_9.2p1 Debian-2',
      'debug1: Server host key: ssh-ed25519 SHA256:host',
      "debug1: Host '[127.0.0.2]:40001' is known and matches the ED25519 host key.",
      'debug1: Found key in /home/me/my keys/known_hosts:3',
      'debug1: Authentications that can continue: publickey,password',
      'debug1: Offering public key: /home/me/a b ED25519 SHA256:one explicit',
      'debug1: Offering public key: me@desk RSA SHA256:two agent',
      'debug1: Server accepts key: me@desk RSA SHA256:two agent',
      'Authenticated to 127.0.0.2 ([127.0.0.2]:40001) using "publickey".',
    ].join('\r\n'),
  );
  expect(log).toEqual({
    greeted: true,
    software: 'OpenSSH_9.2p1',
    hostKey: { type: 'ED25519', fingerprint: 'SHA256:host' },
    knownAt: '/home/me/my keys/known_hosts:3',
    method: 'publickey',
    offered: [
      { file: '/home/me/a b', type: 'ED25519', fingerprint: 'SHA256:one' },
      { file: 'me@desk', type: 'RSA', fingerprint: 'SHA256:two' },
    ],
    accepted: { file: 'me@desk', type: 'RSA', fingerprint: 'SHA256:two' },
    methods: ['publickey', 'password'],
    exposed: [],
    locked: [],
  });
});

test('key files that ssh could not use are named', () => {
  const { exposed, locked, method } = readLoginLog(
    [
      "Permissions 0644 for '/home/me/.ssh/id' are too open.",
      'Load key "/home/me/.ssh/other": incorrect passphrase supplied to decrypt private key',
    ].join('\n'),
  );
  expect([exposed, locked, method]).toEqual([['/home/me/.ssh/id'], ['/home/me/.ssh/other'], null]);
});

test('algorithms are named as ssh-keygen -l names them', () => {
  const names = ['ssh-ed25519', 'rsa-sha2-512', 'ecdsa-sha2-nistp256', 'sk-ssh-ed25519@openssh.com'];
  expect(names.map(keyType)).toEqual(['ED25519', 'RSA', 'ECDSA', 'ED25519-SK']);
});
