import type { ConnectionOptions } from '../core/options.js';
import { type HostClass, HostClasses, OWN } from '../core/ssh-config-classes.js';
import type { Target } from '../core/target.js';
import { configEntries } from './config-files.js';
import { nodeReader } from './config-reader.js';
import { type ResolvedConfig, resolveConfig } from './resolve.js';

/** What a login has to know; of `values` only those in which hosts of one class do not differ. */
export interface LoginConfig extends Omit<ResolvedConfig, 'identityFiles' | 'user'> {
  /** Null: nobody names one, so that ssh takes the name of who runs it. */
  readonly user: string | null;
}

/** Asks `ssh -G` once for all hosts that the ssh_config treats alike: a process less for each cold host. */
export class AlikeResolver {
  private classes: HostClasses | null = null;
  private readonly asked = new Map<string, Promise<LoginConfig | null>>();

  constructor(private readonly connection: ConnectionOptions) {}

  /** @throws PsshError ERR_CONNECT in ssh's words; the signal's reason */
  async resolve(target: Target, signal: AbortSignal): Promise<LoginConfig> {
    const { connection } = this;
    const own = this.classOf(target);
    if (own === null) return resolveConfig(target, connection, signal);
    const known = this.asked.get(own.key);
    if (known === undefined) {
      const asking = resolveConfig(target, connection, signal);
      const shared = asking.then(withoutOwn, () => {
        this.asked.delete(own.key);
        return null;
      });
      this.asked.set(own.key, shared);
      return asking;
    }
    const shared = await known;
    signal.throwIfAborted();
    if (shared === null) return resolveConfig(target, connection, signal);
    return {
      ...shared,
      hostname: own.hostName,
      // Not the first host's: that may stand in a block of its own.
      user: target.user ?? connection.user ?? own.user,
      port: target.port ?? connection.port ?? own.port ?? 22,
    };
  }

  private classOf(target: Target): HostClass | null {
    const { connection } = this;
    if (target.sshOptions !== undefined || connection.sshOptions.some(isOwn)) return null;
    this.classes ??= new HostClasses(configEntries(connection), nodeReader);
    return this.classes.classOf(target.host);
  }
}

/** An option that says for all hosts what the config may say for each, or says it with tokens. */
function isOwn(option: string): boolean {
  const keyword = /^\s*([a-z]+)/i.exec(option)?.[1]?.toLowerCase() ?? '';
  return OWN.has(keyword) || /[%$]/.test(option);
}

function withoutOwn(config: ResolvedConfig): LoginConfig {
  const values = new Map([...config.values].filter(([keyword]) => !OWN.has(keyword)));
  return { ...config, values };
}
