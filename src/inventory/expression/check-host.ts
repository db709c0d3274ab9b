import { isIPv6 } from 'node:net';
import { hostNameFault } from '../../core/host-name.js';
import { show } from '../../core/show.js';
import { faultAt, type Source } from './fault.js';
import { rangeText } from './parse-range.js';
import type { ScannedItem } from './scan-item.js';
import type { Template } from './syntax.js';

const MANY_LETTERS = 1025;

/** Every host of the template is as good as its longest one: a range adds nothing but digits. */
export function checkHost(source: Source, item: ScannedItem, host: Template, at: number): void {
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
