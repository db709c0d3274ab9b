import type { PsshError } from '../../core/errors.js';
import { parsePort, userNameFault } from '../../core/host-name.js';
import { show } from '../../core/show.js';
import { checkHost } from './check-host.js';
import { faultAt, type Source } from './fault.js';
import type { ScannedItem } from './scan-item.js';
import type { HostOperand, Template } from './syntax.js';

const SCHEME = /^ssh:\/\//i;

/** Takes a scanned item apart: `ssh://`, `user@`, the host, `:port`. */
export function parseHost(source: Source, item: ScannedItem): HostOperand {
  const first = item.literals[0] as string;
  const start = item.starts[0] as number;
  const scheme = SCHEME.exec(first)?.[0] ?? '';
  const hostStart = first.lastIndexOf('@') + 1 || scheme.length;
  refuseLaterUser(source, item);
  const user = readUser(source, start, first.slice(0, hostStart), scheme);

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

/** The user of `user@` or `ssh://user@`; undefined where there is none. */
function readUser(source: Source, start: number, before: string, scheme: string): string | undefined {
  if (!before.endsWith('@')) return undefined;
  const at = start + scheme.length;
  const written = before.slice(scheme.length, -1);
  if (written.startsWith('@') || written.endsWith('@'))
    throw faultAt(source, at, 'a group takes no user in an expression; give the user with --user');
  const user = scheme === '' ? written : percentDecoded(written);
  const fault = userNameFault(user);
  if (fault !== null) throw faultAt(source, at, `${fault}; write user@host`);
  return user;
}

/** In a URL, as ssh reads it, the user may be written with `%40` for `@`. */
function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
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
    if (hostEnd === -1) throw afterAddress(source, item);
    colon = hostEnd + 1;
    if (colon >= end) return { hostEnd, port: undefined };
    if (last[colon] !== ':') throw afterAddress(source, item);
  } else {
    const colons = countColons(item, beforeLength);
    if (colons !== 1) return { hostEnd: end, port: undefined };
    colon = last.indexOf(':', from);
    if (colon === -1) throw portRange(source, placeOf(item, ':', beforeLength) + 1);
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

function afterAddress(source: Source, item: ScannedItem): PsshError {
  const next = placeOf(item, ']', 0) + 1;
  if (source.text[next] === ':') return portRange(source, next + 1);
  return faultAt(source, next, 'after an address in brackets only a port may follow, as in [::1]:22');
}

function portRange(source: Source, at: number): PsshError {
  return faultAt(source, at, 'a port takes no range; write one number');
}

/** Where a character of the literals stands in the text; `from` is within the first. */
function placeOf(item: ScannedItem, character: string, from: number): number {
  for (const [index, literal] of item.literals.entries()) {
    const place = literal.indexOf(character, index === 0 ? from : 0);
    if (place !== -1) return (item.starts[index] as number) + place;
  }
  return item.end;
}
