import { isIPv6 } from 'node:net';
import { hostNameFault, parsePort, userNameFault } from '../../core/host-name.js';
import { show } from '../../core/show.js';
import { faultAt, type Source } from './fault.js';
import { rangeText } from './parse-range.js';
import type { ScannedItem } from './scan-item.js';
import type { HostOperand, Template } from './syntax.js';

const SCHEME = /^ssh:\/\//i;
const MANY_LETTERS = 1025;

/** Takes a scanned item apart: `ssh://`, `user@`, the host, `:port`. */
export function parseHost(source: Source, item: ScannedItem): HostOperand {
  const first = item.literals[0] as string;
  const start = item.starts[0] as number;
  const scheme = SCHEME.exec(first)?.[0] ?? '';
  const hostStart = first.lastIndexOf('@') + 1 || scheme.length;
  refuseLaterUser(source, item);
  const user = hostStart > scheme.length ? first.slice(scheme.length, hostStart - 1) : undefined;
  if (user !== undefined) checkUser(source, start + scheme.length, user);

  const before = first.slice(0, hostStart + (item.address ? 1 : 0));
  const { hostEnd, port } = readPort(source, item, before.length, scheme !== '');
  const lastIndex = item.literals.length - 1;
  const literals = item.literals.slice();
  const after = (literals[lastIndex] as string).slice(hostEnd);
  literals[lastIndex] = (literals[lastIndex] as string).slice(0, hostEnd);
  literals[0] = (literals[0] as string).slice(before.length);
  const host: Template = { literals, ranges: item.ranges };
  checkHost(source, item, host, start + before.length);
  const wildcard = literals.some((literal) => /[*?]/.test(literal));
  return { kind: wildcard ? 'wildcard' : 'host', host, before, after, user, port };
}

function refuseLaterUser(source: Source, item: ScannedItem): void {
  for (let index = 1; index < item.literals.length; index += 1) {
    const place = (item.literals[index] as string).indexOf('@');
    if (place !== -1)
      throw faultAt(
        source,
        (item.starts[index] as number) + place,
        'a user name takes no range; write each user as an item of its own',
      );
  }
}

function checkUser(source: Source, at: number, user: string): void {
  if (user.endsWith('@') || user.startsWith('@'))
    throw faultAt(source, at, 'a group takes no user in an expression; give the user with --user');
  const fault = userNameFault(user);
  if (fault !== null) throw faultAt(source, at, `${fault}; write user@host`);
}

/** Where the host ends in the last literal, and the port after it. */
function readPort(
  source: Source,
  item: ScannedItem,
  beforeLength: number,
  isUrl: boolean,
): { hostEnd: number; port: number | undefined } {
  const lastIndex = item.literals.length - 1;
  const last = item.literals[lastIndex] as string;
  const lastStart = item.starts[lastIndex] as number;
  const from = lastIndex === 0 ? beforeLength : 0;
  const end = isUrl && last.endsWith('/') && last.length > from ? last.length - 1 : last.length;
  let colon: number;
  let hostEnd: number;
  if (item.address) {
    hostEnd = last.indexOf(']', from);
    // The address may close before a range: `[::1]x[1-2]` is no address.
    if (hostEnd === -1)
      throw faultAt(source, lastStart, 'after an address in brackets only a port may follow, as in [::1]:22');
    colon = hostEnd + 1;
    if (colon < end && last[colon] !== ':')
      throw faultAt(
        source,
        lastStart + colon,
        'after an address in brackets only a port may follow, as in [::1]:22',
      );
    if (colon >= end) return { hostEnd, port: undefined };
  } else {
    const colons = countColons(item, beforeLength);
    if (colons !== 1) return { hostEnd: end, port: undefined };
    colon = last.indexOf(':', from);
    if (colon === -1) throw faultAt(source, portRangeAt(item), 'a port takes no range; write one number');
    hostEnd = colon;
  }
  const digits = last.slice(colon + 1, end);
  const port = parsePort(digits);
  if (port === null)
    throw faultAt(
      source,
      lastStart + colon + 1,
      digits === ''
        ? 'the port is missing; write it after ":", or take the ":" out'
        : `${show(digits)} is no port; write a number from 1 to 65535`,
    );
  return { hostEnd, port };
}

function countColons(item: ScannedItem, beforeLength: number): number {
  let colons = 0;
  item.literals.forEach((literal, index) => {
    let at = literal.indexOf(':', index === 0 ? beforeLength : 0);
    while (at !== -1 && colons < 3) {
      colons += 1;
      at = literal.indexOf(':', at + 1);
    }
  });
  return colons;
}

function portRangeAt(item: ScannedItem): number {
  const index = item.literals.findIndex((literal) => literal.endsWith(':'));
  return index === -1
    ? (item.starts[0] as number)
    : (item.starts[index] as number) + (item.literals[index] as string).length;
}

/** Every host of the template is as good as its longest one: a range adds nothing but digits. */
function checkHost(source: Source, item: ScannedItem, host: Template, at: number): void {
  const example = longestHost(host);
  if (example.length <= MANY_LETTERS && example.includes(':')) {
    if (isIPv6(example)) return;
    throw faultAt(
      source,
      at,
      `${show(example)} is no IPv6 address; with a port an address is written [2001:db8::1]:22`,
    );
  }
  if (item.address)
    throw faultAt(source, at, `${show(example)} is no IPv6 address; only those stand in brackets`);
  const fault = hostNameFault(example);
  if (fault === null) return;
  const place = fault.includes(' holds ') ? badCharacter(item, host, at) : at;
  const mend = fault.includes('holds "{"')
    ? 'ranges are written web[1-3]'
    : fault.includes('empty')
      ? 'write the host after the user, as in deploy@web1'
      : 'write a host name, an address or an alias of your ssh_config';
  throw faultAt(source, place, `${fault}; ${mend}`);
}

function longestHost(host: Template): string {
  let text = host.literals[0] as string;
  host.ranges.forEach((parts, index) => {
    let longest = '';
    for (const part of parts) {
      const last = rangeText(part.to, part.width);
      if (last.length > longest.length) longest = last;
    }
    text += longest + (host.literals[index + 1] as string);
  });
  return text;
}

/** Where the character stands that no host name has; the host's beginning where the fault is another. */
function badCharacter(item: ScannedItem, host: Template, at: number): number {
  for (const [index, literal] of host.literals.entries()) {
    let place = index === 0 ? at : (item.starts[index] as number);
    for (const character of literal) {
      if (hostNameFault(`x${character}`) !== null) return place;
      place += character.length;
    }
  }
  return at;
}
