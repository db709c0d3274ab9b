import type { ResolvedConfig } from '../ssh/resolve.js';

/** What ssh_config wants of a host's sessions; kept beside the socket, so that a warm run need not ask again. */
export interface SessionTraits {
  /** ForwardAgent or ForwardX11: only ssh itself can do that. */
  readonly forwards: boolean;
  /** SendEnv: patterns of the names of our variables. */
  readonly sendEnv: readonly string[];
  /** SetEnv: `NAME=value`. */
  readonly setEnv: readonly string[];
}

export function sessionTraits({ values }: ResolvedConfig): SessionTraits {
  // ForwardAgent may also name a socket.
  const wanted = (keyword: string): boolean => (values.get(keyword)?.[0] ?? 'no') !== 'no';
  return {
    forwards: wanted('forwardagent') || wanted('forwardx11'),
    sendEnv: values.get('sendenv') ?? [],
    setEnv: values.get('setenv') ?? [],
  };
}
