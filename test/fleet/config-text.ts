/** ssh_config and sshd_config as text: pure, so that a test host can be read before it runs. */

export interface ServerConfig {
  readonly name: string;
  /** Marks every process that a session starts; see processes.ts. */
  readonly fleetId: string;
  readonly listen: { readonly address: string; readonly port: number } | null;
  /** Stands for the home of whoever logs in. */
  readonly home: string;
  readonly hostKeyFile: string;
  readonly authorizedKeysFile: string;
  readonly extra: readonly string[];
  /** OpenSSH 9.8 and later shut out an address after a few failed logins, and here all clients share one. */
  readonly hasPenalties: boolean;
}

/** A line for a server that is to keep OpenSSH's own choice of key exchanges: nothing is added that it lacks. */
export const DEFAULT_KEX = 'KexAlgorithms +curve25519-sha256';

const isKeyword = (keyword: string) => (line: string) => new RegExp(`^\\s*${keyword}\\b`, 'i').test(line);

export function sshdConfig(config: ServerConfig): string {
  const matchAt = config.extra.findIndex(isKeyword('Match'));
  const extra = matchAt < 0 ? config.extra : config.extra.slice(0, matchAt);
  // A Match block reaches to the end of the file, and overrides what stands before it.
  const blocks = matchAt < 0 ? [] : config.extra.slice(matchAt);
  // The first SetEnv line is the only one that counts.
  const env = extra.filter(isKeyword('SetEnv')).map((line) => line.trim().replace(/^setenv\s+/i, ''));
  const unless = (keyword: string, line: string) => (extra.some(isKeyword(keyword)) ? [] : [line]);
  const fleetEnv = [`FLEET_HOST=${config.name}`, `FLEET_ID=${config.fleetId}`, `HOME=${config.home}`];
  return [
    ...extra.filter((line) => !isKeyword('SetEnv')(line)),
    `SetEnv ${[...env, ...fleetEnv].join(' ')}`,
    ...(config.listen ? [`ListenAddress ${config.listen.address}`, `Port ${config.listen.port}`] : []),
    `HostKey ${config.hostKeyFile}`,
    `AuthorizedKeysFile ${config.authorizedKeysFile}`,
    'PermitUserRC no',
    'UsePAM no',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'PermitRootLogin prohibit-password',
    'StrictModes no',
    'LogLevel VERBOSE',
    'PidFile none',
    'PrintMotd no',
    'PrintLastLog no',
    'UseDNS no',
    ...(config.hasPenalties ? ['PerSourcePenalties no'] : []),
    // The post-quantum key exchange that OpenSSH prefers costs a client 150 ms of CPU, ten times as much.
    'KexAlgorithms curve25519-sha256',
    // Of these a second line is an error, or counts instead of the first.
    ...unless('MaxStartups', 'MaxStartups 300:30:600'),
    ...unless('Subsystem', `Subsystem sftp internal-sftp -d ${config.home}`),
    ...blocks,
    '',
  ].join('\n');
}

export interface ClientHost {
  readonly name: string;
  readonly hostName: string;
  readonly port: number | null;
  readonly proxyCommand: string | null;
  readonly extra: readonly string[];
}

export interface ClientConfig {
  readonly user: string;
  readonly identityFile: string;
  readonly knownHostsFile: string;
  readonly hosts: readonly ClientHost[];
}

export function sshConfig(config: ClientConfig): string {
  const blocks = config.hosts.map((host) =>
    [
      `Host ${host.name}`,
      ...host.extra.map((line) => `  ${line}`),
      `  HostName ${host.hostName}`,
      ...(host.port === null ? [] : [`  Port ${host.port}`]),
      ...(host.proxyCommand === null ? [] : [`  ProxyCommand ${host.proxyCommand}`]),
      '',
    ].join('\n'),
  );
  // Last, because the first value wins: a host's own lines may say otherwise.
  const common = [
    'Host *',
    `  User ${config.user}`,
    `  IdentityFile ${config.identityFile}`,
    '  IdentitiesOnly yes',
    `  UserKnownHostsFile ${config.knownHostsFile}`,
    '  GlobalKnownHostsFile /dev/null',
    '  StrictHostKeyChecking yes',
    '  UpdateHostKeys no',
    '',
  ].join('\n');
  return [...blocks, common].join('\n');
}

/** One line of known_hosts (sshd(8)); a port other than 22 goes with the name in brackets. */
export function knownHostsLine(hostName: string, port: number | null, publicKey: string): string {
  return `${port === null || port === 22 ? hostName : `[${hostName}]:${port}`} ${publicKey}\n`;
}
