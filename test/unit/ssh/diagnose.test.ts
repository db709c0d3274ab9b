import { describe, expect, it } from 'vitest';
import {
  connectedAddress,
  type Diagnosis,
  diagnose,
  forwardFault,
  lastLine,
  plainEnd,
  plainProgress,
  refusedForwards,
  sessionEnd,
} from '../../../src/ssh/diagnose.js';

// The logs are those of OpenSSH 9.2, `-E LOG -o LogLevel=VERBOSE`, where no other version is named.
const log = (...lines: string[]): string => lines.map((line) => `${line}\r\n`).join('');

const CHANGED_KEY = log(
  '@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@',
  '@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @',
  '@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@',
  'IT IS POSSIBLE THAT SOMEONE IS DOING SOMETHING NASTY!',
  'Someone could be eavesdropping on you right now (man-in-the-middle attack)!',
  'It is also possible that a host key has just been changed.',
  'The fingerprint for the ED25519 key sent by the remote host is\nSHA256:d3jLXoag6BLrwg/AQ063V+WT2APcVjVlErKk7L4PqQY.',
  'Please contact your system administrator.',
  'Add correct host key in /home/me/.ssh/known_hosts to get rid of this message.',
  'Offending ED25519 key in /home/me/.ssh/known_hosts:4',
  '  remove with:',
  '  ssh-keygen -f "/home/me/.ssh/known_hosts" -R "[127.0.0.4]:40721"',
  'Host key for [127.0.0.4]:40721 has changed and you have requested strict checking.',
  'Host key verification failed.',
);

describe('diagnose', () => {
  it.each<[string, string, Partial<Diagnosis>]>([
    [
      'a key that is refused',
      log('root@127.0.0.2: Permission denied (publickey).'),
      { status: 'auth-failed', code: 'ERR_AUTH', reason: 'root@127.0.0.2: Permission denied (publickey).' },
    ],
    [
      'a key file that can not be read either',
      log('Load key "/keys/a": Permission denied', 'me@web1: Permission denied (publickey,password).'),
      { status: 'auth-failed', reason: 'me@web1: Permission denied (publickey,password).' },
    ],
    [
      'too many keys in the agent',
      log(
        'Received disconnect from 127.0.0.8 port 46405:2: Too many authentication failures',
        'Disconnected from 127.0.0.8 port 46405',
      ),
      {
        status: 'auth-failed',
        code: 'ERR_AUTH',
        reason: 'Received disconnect from 127.0.0.8 port 46405:2: Too many authentication failures',
      },
    ],
    [
      'a changed host key',
      CHANGED_KEY,
      {
        status: 'host-key-failed',
        code: 'ERR_HOST_KEY',
        reason:
          'REMOTE HOST IDENTIFICATION HAS CHANGED; Offending ED25519 key in /home/me/.ssh/known_hosts:4; the host shows SHA256:d3jLXoag6BLrwg/AQ063V+WT2APcVjVlErKk7L4PqQY; Host key verification failed',
      },
    ],
    [
      'an unknown host key',
      log(
        'No ED25519 host key is known for [127.0.0.1]:36503 and you have requested strict checking.',
        'Host key verification failed.',
      ),
      {
        status: 'host-key-failed',
        code: 'ERR_HOST_KEY',
        reason:
          'No ED25519 host key is known for [127.0.0.1]:36503 and you have requested strict checking; Host key verification failed',
      },
    ],
    [
      'no host key type in common',
      log(
        'Unable to negotiate with 127.0.0.1 port 22: no matching host key type found. Their offer: ssh-dss',
      ),
      { status: 'host-key-failed', code: 'ERR_HOST_KEY' },
    ],
    [
      'no key exchange in common',
      log(
        'Unable to negotiate with 127.0.0.1 port 22: no matching key exchange method found. Their offer: x',
      ),
      { status: 'unreachable', code: 'ERR_CONNECT' },
    ],
    [
      'an unknown name',
      log('ssh: Could not resolve hostname un.invalid: Name or service not known'),
      {
        status: 'unreachable',
        code: 'ERR_RESOLVE',
        reason: 'Could not resolve hostname un.invalid: Name or service not known',
      },
    ],
    [
      'a port that nobody listens on',
      log('ssh: connect to host 127.0.0.5 port 34995: Connection refused'),
      { code: 'ERR_CONNECT', reason: 'connect to host 127.0.0.5 port 34995: Connection refused' },
    ],
    [
      'a port that nobody listens on at one address, and another address',
      log(
        'ssh: connect to host ::1 port 22: Connection refused',
        'ssh: connect to host web1 port 22: No route to host',
      ),
      { code: 'ERR_CONNECT', reason: 'connect to host web1 port 22: No route to host' },
    ],
    [
      'a time limit of ssh_config',
      log('ssh: connect to host web1 port 22: Connection timed out'),
      {
        status: 'unreachable',
        code: 'ERR_CONNECT',
        reason: 'connect to host web1 port 22: Connection timed out',
      },
    ],
    [
      'a log without a rule',
      log('Bad owner or permissions on /home/me/.ssh/config'),
      {
        status: 'unreachable',
        code: 'ERR_CONNECT',
        reason: 'Bad owner or permissions on /home/me/.ssh/config',
      },
    ],
    [
      'no log at all',
      '',
      { status: 'unreachable', code: 'ERR_CONNECT', reason: 'ssh failed without a word' },
    ],
  ])('%s is not tried again', (_what, text, expected) => {
    expect(diagnose(text)).toMatchObject({ ...expected, retry: false });
  });

  it.each<[string, string]>([
    [
      'a server over MaxStartups, or a jump host that refuses',
      log(
        'kex_exchange_identification: Connection closed by remote host',
        'Connection closed by UNKNOWN port 65535',
      ),
    ],
    [
      'a server that resets',
      log(
        'kex_exchange_identification: read: Connection reset by peer',
        'Connection reset by 10.0.0.1 port 22',
      ),
    ],
    [
      'a server that stays silent',
      log('Connection timed out during banner exchange', 'Connection to 127.0.0.9 port 40469 timed out'),
    ],
    ['a server that goes during the login', log('Connection closed by 10.0.0.1 port 22')],
    [
      'a connection that breaks during the key exchange',
      log('ssh_dispatch_run_fatal: Connection to 10.0.0.1 port 22: Broken pipe'),
    ],
  ])('%s is tried again', (_what, text) => {
    expect(diagnose(text)).toMatchObject({ status: 'unreachable', code: 'ERR_CONNECT', retry: true });
  });

  // A server may send a disconnect before any key is checked, and its words may hold newlines.
  it.each([
    'Host key verification failed.',
    'No ED25519 host key is known for x and you have requested strict checking.',
    'root@web1: Permission denied (publickey).',
    'ssh: Could not resolve hostname web1: Name or service not known',
    'Connection closed by 10.0.0.1 port 22',
    'ssh: connect to host web1 port 22: Connection refused',
  ])('a disconnect in which the server says %j is only a disconnect', (words) => {
    const first = 'Received disconnect from 127.0.0.1 port 45667:11: bye';
    for (const text of [
      `${first}\n${words}\r\nDisconnected from 127.0.0.1 port 45667\r\n`,
      `${first}\r\n${words}\r\n${words}\r\nDisconnected from 127.0.0.1 port 45667\r\n`,
    ]) {
      expect(diagnose(text)).toEqual({
        status: 'unreachable',
        code: 'ERR_CONNECT',
        reason: first,
        retry: false,
      });
    }
    const inOneLine = `Received disconnect from 127.0.0.1 port 45667:11: ${words}`;
    expect(diagnose(log(inOneLine))).toEqual({
      status: 'unreachable',
      code: 'ERR_CONNECT',
      reason: inOneLine,
      retry: false,
    });
  });

  it.each(['Host key verification failed.', 'Received disconnect from 10.9.9.9 port 22:11: forged'])(
    'what follows in a disconnect, %j, changes neither the reason nor the status',
    (words) => {
      const first = 'Received disconnect from 127.0.0.8 port 46405:2: Too many authentication failures';
      expect(diagnose(`${first}\n${words}\r\nDisconnected from 127.0.0.8 port 46405\r\n`)).toEqual({
        status: 'auth-failed',
        code: 'ERR_AUTH',
        reason: first,
        retry: false,
      });
    },
  );

  it('makes the reason one line without control characters, cut where it is endless', () => {
    const { reason } = diagnose(`ssh: \u001b[2Jx\u009b1m${'y'.repeat(1000)}\r\n`);
    expect(reason).toMatch(/^\?\[2Jx\?1my+$/);
    expect(reason).toHaveLength(500);
  });
});

describe('lastLine', () => {
  it('is the last that is not of the debugging', () => {
    expect(lastLine(log('first', 'ssh: second', 'debug1: third', ''))).toBe('second');
    expect(
      lastLine(log('debug1: x', 'OpenSSH_9.2p1 Debian', 'Authenticated to a ([::1]:22) using "none".')),
    ).toBeNull();
    expect(lastLine('')).toBeNull();
  });
});

describe('connectedAddress', () => {
  it.each<[string, ReturnType<typeof connectedAddress>]>([
    ['Authenticated to web1 ([10.0.0.1]:22) using "publickey".', { address: '10.0.0.1', port: 22 }],
    ['Authenticated to ::1 ([::1]:2222) using "password".', { address: '::1', port: 2222 }],
    ['Authenticated to x ([fe80::1%eth0]:22) using "publickey".', { address: 'fe80::1%eth0', port: 22 }],
    ['Authenticated to web1 (via proxy) using "publickey".', null],
    ['Transferred: sent 3472, received 3312 bytes, in 0.1 seconds', null],
  ])('of %j', (line, address) => {
    expect(connectedAddress(log('hello', line, 'Transferred: sent 3472'))).toEqual(address);
  });
});

// `ssh -S` with LogLevel=DEBUG2.
describe('sessionEnd', () => {
  const START = [
    'debug1: Reading configuration data /home/me/.ssh/config',
    'debug1: /home/me/.ssh/config line 38: Applying options for *',
    'debug2: resolve_canonicalize: hostname 127.0.0.7 is address',
    'debug2: fd 4 setting O_NONBLOCK',
  ];
  const HELLO = 'debug2: mux_client_hello_exchange: master version 4';
  const SESSION = 'debug1: mux_client_request_session: master session id: 2';
  const OWN_LOGIN = [
    'debug1: Executing proxy command: exec false',
    'debug1: identity file /home/me/.ssh/id_ed25519 type 3',
    'debug1: Local version string SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u10',
    'kex_exchange_identification: Connection closed by remote host',
    'Connection closed by UNKNOWN port 65535',
  ];

  it.each([0, 1, 44, 254, 255])('a command that ended with %i', (status) => {
    const text = log(...START, HELLO, SESSION, `debug2: Received exit status from master ${status}`);
    expect(sessionEnd(text)).toEqual({ kind: 'status', status });
  });

  it('a command ended by a signal, or a master that went: no status', () => {
    const text = log(...START, HELLO, SESSION, 'debug2: Control master terminated unexpectedly');
    expect(sessionEnd(text)).toEqual({ kind: 'no-status' });
    expect(sessionEnd(log(...START, HELLO, SESSION))).toEqual({ kind: 'no-status' });
  });

  it('a session that was refused, and what that may mean', () => {
    const refusal = 'mux_client_request_session: session request failed: Session open refused by peer';
    const end = sessionEnd(log(...START, HELLO, refusal, ...OWN_LOGIN));
    expect(end).toMatchObject({ kind: 'refused', reason: expect.stringContaining('MaxSessions') });
  });

  it('a session that was not given, in the words of the master, not of the login that can only fail', () => {
    const refusal = 'mux_client_request_session: session request failed: Permission denied';
    expect(sessionEnd(log(...START, HELLO, refusal, ...OWN_LOGIN))).toEqual({
      kind: 'refused',
      reason: refusal,
      busy: true,
    });
  });

  it('a master that went before it answered: it may have passed the command on', () => {
    const gone = 'mux_client_request_session: read from master failed: Broken pipe';
    expect(sessionEnd(log(...START, HELLO, gone, ...OWN_LOGIN))).toEqual({ kind: 'unknown' });
  });

  it('a master that is not there', () => {
    const gone = 'debug1: Control socket "/run/x" does not exist';
    expect(sessionEnd(log(...START, gone, ...OWN_LOGIN))).toEqual({
      kind: 'refused',
      reason: 'the master gave no session',
      busy: false,
    });
    // Silence proves nothing: the command may have run.
    expect(sessionEnd('')).toEqual({ kind: 'unknown' });
  });

  it('a socket that nobody listens on', () => {
    const dead = 'Control socket connect(/run/x): Connection refused';
    expect(sessionEnd(log(...START, dead, ...OWN_LOGIN))).toEqual({
      kind: 'refused',
      reason: dead,
      busy: false,
    });
  });
});

describe('forwardFault', () => {
  it('is none where the way through stood', () => {
    expect(forwardFault('')).toBeNull();
  });

  it("has the client's words where the jump host refused", () => {
    expect(forwardFault(log('Stdio forwarding request failed: Session open refused by peer'))).toEqual({
      lost: false,
      reason: 'Session open refused by peer',
    });
  });

  it('says lost where ssh found no master and was kept from a login', () => {
    const missing = log(
      'kex_exchange_identification: Connection closed by remote host',
      'Connection closed by UNKNOWN port 65535',
    );
    expect(forwardFault(missing)).toMatchObject({ lost: true });
    expect(forwardFault(log('Control socket connect(/run/x): Connection refused'))).toMatchObject({
      lost: true,
    });
  });
});

describe('refusedForwards', () => {
  it('finds what a server refused, each reason once', () => {
    const text = log(
      'Authenticated to bastion ([127.0.0.1]:22) using "publickey".',
      'channel 2: open failed: connect failed: Connection refused',
      'channel 3: open failed: administratively prohibited: open failed',
      'channel 2: open failed: connect failed: Connection refused',
    );
    expect(refusedForwards(text)).toEqual([
      'connect failed: Connection refused',
      'administratively prohibited: open failed',
    ]);
  });
});

it('prefers what ssh said before "UNKNOWN port", which is all it knows through a proxy', () => {
  const dropped = log(
    'kex_exchange_identification: Connection closed by remote host',
    'Connection closed by UNKNOWN port 65535',
  );
  expect(diagnose(dropped)).toMatchObject({
    retry: true,
    reason: 'kex_exchange_identification: Connection closed by remote host',
  });
  expect(diagnose(log('Connection closed by UNKNOWN port 65535'))).toMatchObject({ retry: true });
});
// `ssh HOST COMMAND` with LogLevel=DEBUG1.
describe('a login for one command', () => {
  const LOGIN = [
    'debug1: Offering public key: /home/me/.ssh/id_ed25519',
    'Authenticated to web1 ([10.0.0.1]:22) using "publickey".',
    'debug1: channel 0: new session [client-session] (inactive timeout: 0)',
  ];
  const SENT = 'debug1: Sending command: true';
  const exit = (status: number) => [
    'debug1: client_input_channel_req: channel 0 rtype exit-status reply 0',
    'Transferred: sent 3472, received 3340 bytes, in 0.0 seconds',
    `debug1: Exit status ${status}`,
  ];

  it('tells how far it has come', () => {
    expect(plainProgress('')).toBe('connecting');
    expect(plainProgress(log('debug1: Sending command: true'))).toBe('connecting');
    expect(plainProgress(log(...LOGIN))).toBe('connected');
    expect(plainProgress(log(...LOGIN, SENT))).toBe('sent');
  });

  it.each([0, 1, 254])('a code of %i is the command’s, whatever the log says', (status) => {
    expect(plainEnd(log(...LOGIN, SENT, ...exit(status)), status)).toEqual({ status });
    expect(plainEnd('', status)).toEqual({ status });
  });

  it('255 is the command’s where the log says so, else a signal or the end of the connection', () => {
    expect(plainEnd(log(...LOGIN, SENT, ...exit(255)), 255)).toEqual({ status: 255 });
    const signal = 'debug1: client_input_channel_req: channel 0 rtype exit-signal reply 0';
    expect(plainEnd(log(...LOGIN, SENT, signal, 'debug1: Exit status -1'), 255)).toEqual({ signal: null });
    expect(plainEnd(log(...LOGIN, SENT, 'debug1: Exit status -1'), 255)).toBeNull();
    expect(plainEnd(log(...LOGIN, SENT), null)).toBeNull();
  });

  it('a command whose text looks like the log does not say its own end', () => {
    const text = `${SENT}\ndebug1: Exit status 255`;
    expect(plainEnd(log(...LOGIN, text, 'debug1: Exit status -1'), 255)).toBeNull();
  });
});

it('a changed host key is told with the fingerprint that known_hosts holds', () => {
  const asked: unknown[] = [];
  const { reason } = diagnose(CHANGED_KEY, (file, line) => {
    asked.push([file, line]);
    return 'SHA256:old';
  });
  expect(asked).toEqual([['/home/me/.ssh/known_hosts', 4]]);
  expect(reason).toContain('known_hosts:4 (SHA256:old); the host shows SHA256:d3jLXoag');
});
