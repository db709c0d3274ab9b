import { hostNameFault, parsePort, userNameFault } from './host-name.js';
import { show } from './show.js';

/** One host of a ProxyJump; what is absent is as ssh_config says for that host. */
export interface JumpHost {
  readonly host: string;
  readonly user?: string;
  readonly port?: number;
}

/**
 * The hosts of a `ProxyJump` or `-J`, the first one first: `[user@]host[:port]` or `ssh://[user@]host[:port]`, with
 * commas.
 * @returns why it is none, where it is none
 */
export function parseJump(text: string): readonly JumpHost[] | { readonly fault: string } {
  const hosts: JumpHost[] = [];
  for (const hop of text.split(',')) {
    const parsed = parseHop(hop);
    if ('fault' in parsed) return parsed;
    hosts.push(parsed);
  }
  return hosts;
}

function parseHop(hop: string): JumpHost | { readonly fault: string } {
  const plain = hop.replace(/^ssh:\/\//, '').replace(/\/$/, '');
  const at = plain.lastIndexOf('@');
  const user = at === -1 ? undefined : plain.slice(0, at);
  // An IPv6 address stands in brackets, as its colons would be the port's.
  const match = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::(.*))?$/.exec(plain.slice(at + 1));
  if (match === null) return { fault: `${show(hop)} is no host` };
  const host = match[1] ?? match[2] ?? '';
  const fault = hostNameFault(host) ?? (user === undefined ? null : userNameFault(user));
  if (fault !== null) return { fault };
  const port = match[3] === undefined ? undefined : parsePort(match[3]);
  if (port === null) return { fault: `${show(match[3] ?? '')} is no port` };
  return { host, ...(user === undefined ? {} : { user }), ...(port === undefined ? {} : { port }) };
}

/** As it is written, for people, for ssh and for parseJump. */
export function jumpText({ host, user, port }: JumpHost): string {
  const name = host.includes(':') ? `[${host}]` : host;
  return `${user === undefined ? '' : `${user}@`}${name}${port === undefined ? '' : `:${port}`}`;
}
