import { describe, expect, it } from 'vitest';
import { CONNECTION_DEFAULTS, type ConnectionOptions } from '../../../src/core/options.js';
import {
  destinationArgs,
  jumpCommand,
  masterArgs,
  plainArgs,
  resolveArgs,
  sessionArgs,
} from '../../../src/ssh/argv.js';
import { makeTarget } from '../make.js';

const target = makeTarget('web1');
const full: ConnectionOptions = {
  ...CONNECTION_DEFAULTS,
  user: 'deploy',
  port: 2222,
  sshConfig: '/etc/my config',
  jump: 'bastion1,me@bastion2:22',
  identities: ['/keys/a', '/keys/b'],
  sshOptions: ['BatchMode=no', 'SendEnv LANG'],
};

const OURS = [
  ...['-o', 'BatchMode=yes', '-o', 'RemoteCommand=none', '-o', 'ClearAllForwardings=yes'],
  ...['-o', 'PermitLocalCommand=no'],
];

describe('destinationArgs', () => {
  it('is nothing where nothing is asked', () => {
    expect(destinationArgs(target, CONNECTION_DEFAULTS)).toEqual([]);
  });

  it('has every flag, lists in the order given', () => {
    expect(destinationArgs(target, full)).toEqual([
      ...['-F', '/etc/my config', '-l', 'deploy', '-p', '2222', '-J', 'bastion1,me@bastion2:22'],
      ...['-i', '/keys/a', '-i', '/keys/b', '-o', 'BatchMode=no', '-o', 'SendEnv LANG'],
    ]);
  });

  it("lets the target's own user and port win", () => {
    const own = makeTarget('web1', { user: 'root', port: 22 });
    expect(destinationArgs(own, full).slice(2, 6)).toEqual(['-l', 'root', '-p', '22']);
  });
});

describe('masterArgs', () => {
  const start = { target, controlPath: '/run/c', logPath: '/run/l', persistSeconds: 600 };

  it('is exactly this', () => {
    expect(
      masterArgs({
        ...start,
        connection: CONNECTION_DEFAULTS,
        unset: ['ServerAliveInterval=15', 'Ciphers=a,b'],
      }),
    ).toEqual([
      ...['-f', '-N', '-M', '-T', '-S', '/run/c', '-E', '/run/l', '-o', 'LogLevel=VERBOSE'],
      ...OURS,
      ...['-o', 'ControlPersist=600'],
      ...['-o', 'ServerAliveInterval=15', '-o', 'Ciphers=a,b'],
      'web1',
    ]);
  });

  it('asks on the terminal where that is wanted, with no log, and a limit on connecting alone', () => {
    const options = { ...start, connection: CONNECTION_DEFAULTS, unset: [], prompts: true };
    expect(masterArgs(options)).toEqual([
      ...['-f', '-N', '-M', '-T', '-S', '/run/c', '-o', 'BatchMode=no', '-o', 'ConnectTimeout=10'],
      ...OURS.slice(2),
      ...['-o', 'ControlPersist=600', 'web1'],
    ]);
  });

  it('lets ssh ask us where there is an answer, before anything that the user says', () => {
    const asks = ['BatchMode=no', 'NumberOfPasswordPrompts=1'];
    const options = { ...start, connection: CONNECTION_DEFAULTS, unset: [], asks };
    const args = masterArgs(options);
    expect(args.slice(10, 14)).toEqual(['-o', 'BatchMode=no', '-o', 'NumberOfPasswordPrompts=1']);
    expect(args).not.toContain('BatchMode=yes');
  });

  it("has ours before the user's options, of which ssh takes the first, and the host last", () => {
    const args = masterArgs({ ...start, connection: full, unset: [] });
    expect(args.indexOf('BatchMode=yes')).toBeLessThan(args.indexOf('BatchMode=no'));
    expect(args.slice(-destinationArgs(target, full).length - 1)).toEqual([
      ...destinationArgs(target, full),
      'web1',
    ]);
    for (const option of ['BatchMode=yes', 'ControlPersist=600', 'LogLevel=VERBOSE']) {
      expect(args.indexOf(option)).toBeLessThan(args.indexOf('-F'));
    }
  });
});

describe('the way through a jump host', () => {
  it('is a ProxyCommand of ours, before what the user set, and no -J, which would not go with it', () => {
    const start = { target, controlPath: '/run/c', logPath: '/run/l', persistSeconds: 600 };
    const args = masterArgs({ ...start, connection: full, unset: [], proxyCommand: 'ssh x' });
    expect(args).not.toContain('-J');
    expect(args.indexOf('ProxyCommand=ssh x')).toBeGreaterThan(0);
    expect(args.indexOf('ProxyCommand=ssh x')).toBeLessThan(args.indexOf('-F'));
    expect(args).toContain('ProxyUseFdpass=no');
  });

  it('is exactly this, in words that ssh and then any shell read as they are meant', () => {
    const command = jumpCommand({
      controlPath: "/run/it's 5%/c",
      logPath: '/run/l',
      hostname: 'fe80::1%eth0',
      port: 22,
    });
    expect(command).toBe(
      "ssh -F none -S '/run/it'\\''s 5%%/c' -E /run/l -o 'ControlMaster=no' -o 'BatchMode=yes' " +
        "-o 'ProxyCommand=false' -W '[fe80::1%%eth0]:22' jump",
    );
  });
});

describe('sessionArgs', () => {
  const session = { target, controlPath: '/run/c', logPath: '/run/l' };

  it('is exactly this', () => {
    expect(sessionArgs({ ...session, connection: CONNECTION_DEFAULTS, command: 'uptime; id' })).toEqual([
      ...['-T', '-S', '/run/c', '-E', '/run/l', '-o', 'LogLevel=DEBUG2', '-o', 'ControlMaster=no'],
      ...['-o', 'StdinNull=no', '-o', 'ForkAfterAuthentication=no', '-o', 'SessionType=default'],
      ...['-o', 'ProxyCommand=false', ...OURS, '-o', 'ControlPersist=no'],
      ...['web1', '--', 'uptime; id'],
    ]);
  });

  it('never jumps: a missing master must not become a login', () => {
    const args = sessionArgs({ ...session, connection: full, command: 'x' });
    expect(args).not.toContain('-J');
    expect(args.indexOf('ProxyCommand=false')).toBeLessThan(args.indexOf('-F'));
  });

  it('sends a command that begins with a dash as a command, not as an option of ssh', () => {
    const args = sessionArgs({ ...session, connection: full, command: '-oProxyCommand=id' });
    expect(args.slice(-3)).toEqual(['web1', '--', '-oProxyCommand=id']);
  });
});

describe('resolveArgs', () => {
  it('asks for what the connection would use', () => {
    expect(resolveArgs(target, CONNECTION_DEFAULTS)).toEqual(['-G', 'web1']);
    expect(resolveArgs(target, full)).toEqual(['-G', ...destinationArgs(target, full), 'web1']);
  });
});

describe('plainArgs', () => {
  it('has no control socket, a mark after the login, and the command last', () => {
    const args = plainArgs({
      target,
      connection: CONNECTION_DEFAULTS,
      logPath: '/run/l',
      unset: ['ServerAliveInterval=15', 'Ciphers=a,b'],
      mark: 'abc',
      command: '-x',
    });
    expect(args).toEqual([
      ...['-T', '-E', '/run/l', '-o', 'LogLevel=DEBUG1', '-o', 'ControlPath=none', '-o', 'ControlMaster=no'],
      ...['-o', 'PermitLocalCommand=yes', '-o', 'LocalCommand=exec sh -c "echo abc >&2"'],
      ...['-o', 'StdinNull=no', '-o', 'ForkAfterAuthentication=no', '-o', 'SessionType=default'],
      ...OURS,
      ...['-o', 'ControlPersist=no', '-o', 'ServerAliveInterval=15', '-o', 'Ciphers=a,b'],
      ...['web1', '--', '-x'],
    ]);
  });
});
