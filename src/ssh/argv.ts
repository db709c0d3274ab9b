import type { ConnectionOptions } from '../core/options.js';
import type { Target } from '../core/target.js';

/** What decides where a connection goes, as ssh's own flags. */
export function destinationArgs(target: Target, connection: ConnectionOptions, noJump = false): string[] {
  const user = target.user ?? connection.user;
  const port = target.port ?? connection.port;
  // Nearer to the host comes first, and of repeated options ssh takes the first.
  const { identities = [], options = [], configFile, jump } = target.sshOptions ?? {};
  const sshConfig = configFile ?? connection.sshConfig;
  const jumpHosts = noJump ? undefined : (jump ?? connection.jump);
  return [
    ...(sshConfig === undefined ? [] : ['-F', sshConfig]),
    ...(user === undefined ? [] : ['-l', user]),
    ...(port === undefined ? [] : ['-p', String(port)]),
    ...(jumpHosts === undefined ? [] : ['-J', jumpHosts]),
    ...[...identities, ...connection.identities].flatMap((file) => ['-i', file]),
    ...[...options, ...connection.sshOptions].flatMap((option) => ['-o', option]),
  ];
}

// Of repeated options ssh takes the first, so these stand before the user's own and those of ssh_config:
// whatever the config asks for this host (a RemoteCommand, a ControlPath, forwards), the session is ours.
const OURS = [
  'BatchMode=yes',
  'RemoteCommand=none',
  'ClearAllForwardings=yes',
  'PermitLocalCommand=no',
  'ControlPersist=no',
] as const;

/** Set where ssh_config sets no interval, so that a lost network is noticed. */
export const SERVER_ALIVE = { interval: 15, countMax: 3 } as const;

export interface MasterArgs {
  readonly target: Target;
  readonly connection: ConnectionOptions;
  readonly controlPath: string;
  readonly logPath: string;
  /** The master ends by itself after this long without a client. */
  readonly persistSeconds: number;
  /** Set where ssh_config sets none, so that a lost network is noticed. */
  readonly serverAliveSeconds: number | null;
}

/** `ssh -f -N -M`: logs in, then stays behind and listens on the control path. */
export function masterArgs(options: MasterArgs): string[] {
  const { target, connection, controlPath, logPath, persistSeconds, serverAliveSeconds } = options;
  const ours = OURS.map((option) =>
    option === 'ControlPersist=no' ? `ControlPersist=${persistSeconds}` : option,
  );
  return [
    ...['-f', '-N', '-M', '-T', '-S', controlPath, '-E', logPath, '-o', 'LogLevel=VERBOSE'],
    ...ours.flatMap((option) => ['-o', option]),
    ...(serverAliveSeconds === null
      ? []
      : [
          '-o',
          `ServerAliveInterval=${serverAliveSeconds}`,
          '-o',
          `ServerAliveCountMax=${SERVER_ALIVE.countMax}`,
        ]),
    ...destinationArgs(target, connection),
    target.host,
  ];
}

export interface SessionArgs {
  readonly target: Target;
  readonly connection: ConnectionOptions;
  readonly controlPath: string;
  readonly logPath: string;
  readonly command: string;
  /** A terminal on the host. */
  readonly tty?: boolean;
}

/** `ssh -S`: one command over a live master. ProxyCommand=false: a missing master must not become a silent login. */
export function sessionArgs(options: SessionArgs): string[] {
  const { target, connection, controlPath, logPath, command, tty } = options;
  return [
    // With a terminal ssh would look for its escape character in the input.
    ...(tty === true ? ['-tt', '-e', 'none'] : ['-T']),
    ...['-S', controlPath, '-E', logPath, '-o', 'LogLevel=DEBUG2', '-o', 'ControlMaster=no'],
    // A config may have set these for interactive use; each would lose the command or its input.
    ...['StdinNull=no', 'ForkAfterAuthentication=no', 'SessionType=default'].flatMap((option) => [
      '-o',
      option,
    ]),
    ...['-o', 'ProxyCommand=false', ...OURS.flatMap((option) => ['-o', option])],
    ...destinationArgs(target, connection, true),
    target.host,
    // ssh reads options behind the host as well: a command that begins with a dash would be one.
    '--',
    command,
  ];
}

/** What makes an ssh that another program starts, scp or rsync, go over a live master and nowhere else. */
export function overMasterArgs({
  target,
  connection,
  controlPath,
}: Pick<SessionArgs, 'target' | 'connection' | 'controlPath'>): string[] {
  const sshConfig = target.sshOptions?.configFile ?? connection.sshConfig;
  const ours = [
    'ControlMaster=no',
    // ssh reads tokens in it, which -S does not.
    `ControlPath=${controlPath.replaceAll('%', '%%')}`,
    'ProxyCommand=false',
    // SessionType stays as it is: scp says that itself, with ssh's -s.
    ...['StdinNull=no', 'ForkAfterAuthentication=no'],
    ...OURS,
  ];
  return [...(sshConfig === undefined ? [] : ['-F', sshConfig]), ...ours.flatMap((option) => ['-o', option])];
}

/** `ssh -G`: what ssh_config comes to for this target; opens no connection. */
export function resolveArgs(target: Target, connection: ConnectionOptions): string[] {
  return ['-G', ...destinationArgs(target, connection), target.host];
}
