import { isIPv6 } from 'node:net';
import { hostNameFault, parsePort, userNameFault } from '../core/host-name.js';
import { show } from '../core/show.js';

/** `[user@]host[:port]` taken apart. */
export interface HostWord {
  readonly host: string;
  readonly user?: string;
  readonly port?: number;
}

/** Why a word is no host: the fault with its mend, and its place in the word, from 0. */
export interface HostWordFault {
  readonly fault: string;
  readonly mend: string;
  readonly offset: number;
}

/** Reads `[user@]host[:port]`; an IPv6 address is bare (then it has no port) or in brackets. */
export function parseHostWord(word: string): HostWord | HostWordFault {
  // The last @: ssh splits there too, so that a user name may hold one (user@domain@host).
  const split = word.lastIndexOf('@');
  const user = split < 0 ? undefined : word.slice(0, split);
  if (user !== undefined) {
    const fault = userNameFault(user);
    if (fault !== null) return { fault, mend: 'write user@host', offset: 0 };
  }
  const offset = split + 1;
  const place = parseHostAndPort(word.slice(offset));
  if ('fault' in place) return { ...place, offset: offset + place.offset };
  return user === undefined ? place : { ...place, user };
}

function parseHostAndPort(text: string): HostWord | HostWordFault {
  if (isIPv6(text)) return { host: text };
  const bracketed = /^\[([^[\]]*)\](?::(.*))?$/s.exec(text);
  if (bracketed !== null) {
    const address = bracketed[1] ?? '';
    if (!isIPv6(address)) {
      return { fault: `${show(address)} is no IPv6 address`, mend: 'write [2001:db8::1]:22', offset: 1 };
    }
    return withPort(address, bracketed[2], address.length + 3);
  }
  const colon = text.indexOf(':');
  if (colon < 0) return checkedHost(text);
  if (text.indexOf(':', colon + 1) >= 0) {
    return {
      fault: `${show(text)} is neither host:port nor an IPv6 address`,
      mend: 'write host:22 or [2001:db8::1]:22',
      offset: 0,
    };
  }
  const host = checkedHost(text.slice(0, colon));
  return 'fault' in host ? host : withPort(host.host, text.slice(colon + 1), colon + 1);
}

function withPort(host: string, text: string | undefined, offset: number): HostWord | HostWordFault {
  if (text === undefined) return { host };
  const port = parsePort(text);
  if (port === null)
    return { fault: `${show(text)} is no port`, mend: 'write a number from 1 to 65535', offset };
  return { host, port };
}

function checkedHost(host: string): HostWord | HostWordFault {
  const fault = hostNameFault(host);
  if (fault !== null)
    return { fault, mend: 'write a host name, an ssh_config alias or an address', offset: 0 };
  // Characters that ssh would take, but that only a slip or another file format puts into a host name.
  const odd = /[[\],!^*?=/#@]/.exec(host);
  if (odd === null) return { host };
  return {
    fault: `host name ${show(host)} holds ${show(odd[0])}`,
    mend: 'write a host name, an ssh_config alias or an address',
    offset: odd.index,
  };
}
