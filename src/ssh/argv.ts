import type { ConnectionOptions } from '../core/options.js';
import { quoteForShell } from '../core/quote.js';
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
    ...[...connection.hostKeys, ...options, ...connection.sshOptions].flatMap((option) => ['-o', option]),
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

// A config may have set these for interactive use; each would lose the command or its input.
const SESSION = ['StdinNull=no', 'ForkAfterAuthentication=no', 'SessionType=default'] as const;

export interface MasterArgs {
  readonly target: Target;
  readonly connection: ConnectionOptions;
  readonly controlPath: string;
  readonly logPath: string;
  /** ssh asks its questions on our terminal, and says there what it has to say; no log. @default false */
  readonly prompts?: boolean;
  /** Instead of BatchMode: what lets ssh ask us. @default nothing is asked */
  readonly asks?: readonly string[];
  /** How much it logs. @default VERBOSE */
  readonly logLevel?: 'VERBOSE' | 'DEBUG1';
  /** The master ends by itself after this long without a client. */
  readonly persistSeconds: number;
  /** What ssh_config leaves unset, see unsetOptions. */
  readonly unset: readonly string[];
  /** Goes through a jump host's master, see jumpCommand; absent: as ssh_config says. */
  readonly proxyCommand?: string;
}

/** `ssh -f -N -M`: logs in, then stays behind and listens on the control path. */
export function masterArgs(options: MasterArgs): string[] {
  const { target, connection, controlPath, logPath, persistSeconds, unset, proxyCommand } = options;
  const seconds = Math.ceil(connection.connectTimeoutMs / 1000);
  const changed: Readonly<Record<string, readonly string[]>> = {
    'ControlPersist=no': [`ControlPersist=${persistSeconds}`],
    // Whoever types a password has his time; a host that does not answer has the connect timeout.
    ...(options.prompts === true ? { 'BatchMode=yes': ['BatchMode=no', `ConnectTimeout=${seconds}`] } : {}),
    ...(options.asks === undefined ? {} : { 'BatchMode=yes': options.asks }),
  };
  const ours = OURS.flatMap((option) => changed[option] ?? [option]);
  return [
    ...['-f', '-N', '-M', '-T', '-S', controlPath],
    ...(options.prompts === true ? [] : ['-E', logPath, '-o', `LogLevel=${options.logLevel ?? 'VERBOSE'}`]),
    ...[...ours, ...unset].flatMap((option) => ['-o', option]),
    // Before all else, so that it stands instead of the ProxyJump of the config; a -J beside it would be an error.
    ...(proxyCommand === undefined ? [] : ['-o', `ProxyCommand=${proxyCommand}`, '-o', 'ProxyUseFdpass=no']),
    ...destinationArgs(target, connection, proxyCommand !== undefined),
    target.host,
  ];
}

export interface JumpCommandOptions {
  /** The jump host's master. */
  readonly controlPath: string;
  readonly logPath: string;
  /** The target as the jump host is to connect to it: what `ssh -G` says. */
  readonly hostname: string;
  readonly port: number;
}

/**
 * The ProxyCommand that goes through a jump host's master. Read by ssh, for which % is special, and then by the
 * user's login shell. No config file has a say in it; ProxyCommand=false: a missing master must not become a login.
 */
export function jumpCommand({ controlPath, logPath, hostname, port }: JumpCommandOptions): string {
  const words = [
    ...['ssh', '-F', 'none', '-S', controlPath, '-E', logPath, '-o', 'ControlMaster=no'],
    ...['-o', 'BatchMode=yes', '-o', 'ProxyCommand=false', '-W', `[${hostname}]:${port}`, 'jump'],
  ];
  return words.map((word) => quoteForShell(word).replaceAll('%', '%%')).join(' ');
}

/**
 * Goes as far as the host's answer to a login without any key, which is no: to hear what a ProxyCommand says on stderr.
 * A master can't be asked, with ControlPersist ssh shuts its proxy's mouth.
 */
export function proxyProbeArgs(target: Target, connection: ConnectionOptions): string[] {
  return [
    ...['-N', '-T', '-S', 'none', '-E', '/dev/null', '-o', 'LogLevel=QUIET'],
    ...['-o', 'PreferredAuthentications=none'],
    ...OURS.flatMap((option) => ['-o', option]),
    ...destinationArgs(target, connection),
    target.host,
  ];
}

/** With a terminal ssh would look for its escape character in the input. */
function terminal(wanted: boolean | undefined): string[] {
  return wanted === true ? ['-tt', '-e', 'none'] : ['-T'];
}

export interface PlainArgs {
  readonly target: Target;
  readonly connection: ConnectionOptions;
  readonly logPath: string;
  /** What ssh_config leaves unset, see unsetOptions. */
  readonly unset: readonly string[];
  /** Comes on stderr once the login is done: what stands before it is a banner of the server, not the command's. */
  readonly mark: string;
  readonly command: string;
  /** Instead of BatchMode: what lets ssh ask us. @default nothing is asked */
  readonly asks?: readonly string[];
  /** A terminal on the host. */
  readonly tty?: boolean;
}

/** `ssh HOST COMMAND`: a login for one command, with no control socket at all. */
export function plainArgs(options: PlainArgs): string[] {
  const { target, connection, logPath, unset, mark, command, tty, asks } = options;
  const ours = OURS.flatMap((option) => (option === 'BatchMode=yes' && asks !== undefined ? asks : [option]));
  return [
    ...terminal(tty),
    ...['-E', logPath, '-o', 'LogLevel=DEBUG1', '-o', 'ControlPath=none', '-o', 'ControlMaster=no'],
    // Run by the user's shell, whichever that is.
    ...['-o', 'PermitLocalCommand=yes', '-o', `LocalCommand=exec sh -c "echo ${mark} >&2"`],
    ...[...SESSION, ...ours, ...unset].flatMap((option) => ['-o', option]),
    ...destinationArgs(target, connection),
    target.host,
    '--',
    command,
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
    ...terminal(tty),
    ...['-S', controlPath, '-E', logPath, '-o', 'LogLevel=DEBUG2', '-o', 'ControlMaster=no'],
    ...[...SESSION, 'ProxyCommand=false', ...OURS].flatMap((option) => ['-o', option]),
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
