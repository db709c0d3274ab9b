import { SERVER_ALIVE } from '../ssh/argv.js';
import type { ResolvedConfig } from '../ssh/resolve.js';

/** What ssh_config wants of a host's sessions; kept beside the socket, so that a warm run need not ask again. */
export interface SessionTraits {
  /** ForwardAgent or ForwardX11: only ssh itself can do that. */
  readonly forwards: boolean;
  /** SendEnv: patterns of the names of our variables. */
  readonly sendEnv: readonly string[];
  /** SetEnv: `NAME=value`. */
  readonly setEnv: readonly string[];
  /** How long ssh bears a silent network, ServerAliveInterval times ServerAliveCountMax; missing in older records. */
  readonly aliveSeconds?: number;
}

export const DEFAULT_ALIVE_SECONDS = SERVER_ALIVE.interval * SERVER_ALIVE.countMax;

export function sessionTraits({ values, serverAliveInterval }: ResolvedConfig): SessionTraits {
  // ForwardAgent may also name a socket.
  const wanted = (keyword: string): boolean => (values.get(keyword)?.[0] ?? 'no') !== 'no';
  const countMax = Number(values.get('serveralivecountmax')?.[0] ?? SERVER_ALIVE.countMax);
  return {
    forwards: wanted('forwardagent') || wanted('forwardx11'),
    sendEnv: values.get('sendenv') ?? [],
    setEnv: values.get('setenv') ?? [],
    // Where the config sets no interval, the count is ours as well.
    aliveSeconds:
      serverAliveInterval > 0 ? serverAliveInterval * Math.max(1, countMax) : DEFAULT_ALIVE_SECONDS,
  };
}
