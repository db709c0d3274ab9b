/** What a test host is like; all but 'ok' fail in one known way. */
export type HostKind =
  | 'ok'
  /** The server accepts another key only. */
  | 'refused-key'
  /** known_hosts holds another key for it. */
  | 'wrong-host-key'
  /** Nothing listens on its port. */
  | 'dead-port'
  /** Its HostName ends in .invalid (RFC 2606). */
  | 'unresolvable'
  /** Accepts the connection and never says a word. */
  | 'silent-before-banner'
  /** Sends its SSH-2.0 line, then nothing. */
  | 'silent-after-banner'
  /** Completes the key exchange and never answers the authentication. */
  | 'silent-after-kex';

export interface HostSpec {
  /** The ssh_config alias, e.g. `node1`. */
  readonly name: string;
  /** @default 'ok' */
  readonly kind?: HostKind;
  /** Extra sshd_config lines; they come first and so win. Not for the embedded server. */
  readonly sshd?: readonly string[];
  /** Extra ssh_config lines for this Host block; they come first and so win. */
  readonly client?: readonly string[];
  /** Logs in as somebody else, which only root's servers can grant. @default whoever runs the fleet */
  readonly user?: string;
  /** Makes this name an alias for another host's server: many targets on one sshd. */
  readonly sameServerAs?: string;
}

export interface FleetOptions {
  /** A number N stands for node1 to nodeN. */
  readonly hosts: number | readonly HostSpec[];
  /**
   * inetd: no port and no daemon; the ProxyCommand runs an `sshd -i` for each connection.
   * @default 'port'
   */
  readonly via?: 'port' | 'inetd';
  /**
   * embedded: a server in this process, for where no sshd is installed; auto: sshd where there is one.
   * @default 'sshd'
   */
  readonly server?: 'sshd' | 'embedded' | 'auto';
  /** A folder to be made and, by stop(), removed. Its path must be short and free of blanks and quotes. @default a fresh one */
  readonly dir?: string;
}

export interface FleetHost {
  readonly name: string;
  readonly address: string;
  /** null: there is no port (inetd). */
  readonly port: number | null;
  readonly logFile: string;
}

export interface Fleet extends AsyncDisposable {
  readonly dir: string;
  /** The ssh_config to pass with -F. */
  readonly configPath: string;
  readonly hosts: readonly FleetHost[];
  /** The server that was chosen. */
  readonly server: 'sshd' | 'embedded';
  /** A clean environment for running pssh-ts against the fleet: no agent, no CI, HOME and run folder of its own. */
  readonly env: NodeJS.ProcessEnv;
  /** @throws where there is no such host */
  host(name: string): FleetHost;
  /** The server's log so far. */
  log(name: string): Promise<string>;
  /** Authentications that this server has accepted so far, from its log. */
  logins(name: string): Promise<number>;
  /** Starts one more host and adds it to the ssh_config. */
  addHost(spec: HostSpec): Promise<FleetHost>;
  /** Kills that server with everything that its sessions started. Its aliases go down with it. */
  stopHost(name: string): Promise<void>;
  /** Starts a server that was stopped, on the same port and with the same key. Only sshd with a port. */
  startHostAgain(name: string): Promise<void>;
  /** Stops everything and removes the folder. May be called twice. */
  stop(): Promise<void>;
}
