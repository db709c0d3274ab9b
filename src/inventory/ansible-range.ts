import { show } from '../core/show.js';

/** Host names of one inventory pattern, with the port written behind it. */
export interface AnsibleHosts {
  readonly names: readonly string[];
  readonly port?: string;
}

/** Why a pattern is refused, and what mends it. */
export interface AnsibleRangeFault {
  readonly fault: string;
  readonly mend: string;
}

/** More hosts than this from one pattern are refused before they are made. */
export const MAX_PATTERN_HOSTS = 1_000_000;

const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
const RANGE = 'write [1:9], [01:50:2] or [a:f]';

/** Expands an inventory host pattern: `web[01:50:2].eu:2222`, `db-[a:f]`, `[2001:db8::1]:22`. */
export function expandAnsiblePattern(pattern: string): AnsibleHosts | AnsibleRangeFault {
  const { address, port } = splitPort(pattern);
  if (address.endsWith(':')) return { fault: `${show(pattern)} ends in ":"`, mend: 'write a port behind it' };
  const pieces: string[][] = [];
  let rest = address;
  let count = 1;
  for (let open = rest.indexOf('['); open >= 0; open = rest.indexOf('[')) {
    const close = rest.indexOf(']', open);
    if (close < 0) return { fault: `a "[" in ${show(pattern)} is never closed`, mend: RANGE };
    const range = parseRange(rest.slice(open + 1, close));
    if ('fault' in range) return range;
    count *= range.count;
    if (count > MAX_PATTERN_HOSTS) {
      return {
        fault: `${show(pattern)} stands for more than ${MAX_PATTERN_HOSTS} hosts`,
        mend: 'write smaller ranges',
      };
    }
    pieces.push([rest.slice(0, open)], range.values());
    rest = rest.slice(close + 1);
  }
  if (rest.includes(']')) return { fault: `a "]" in ${show(pattern)} was never opened`, mend: RANGE };
  pieces.push([rest]);
  let names = [''];
  for (const piece of pieces) names = names.flatMap((head) => piece.map((tail) => head + tail));
  return port === undefined ? { names } : { names, port };
}

// What Ansible takes for a host name: labels that begin with a word character and don't end in - or _.
const LABEL = String.raw`(?:[\p{L}\p{N}_]|\[[^\]]*\])(?:[\p{L}\p{N}_-]|\[[^\]]*\])*(?<![_-])`;
// Made when it is first needed: letters of all languages take milliseconds to compile.
const made: { nameAndPort?: RegExp } = {};
function nameAndPort(): RegExp {
  made.nameAndPort ??= new RegExp(String.raw`^(${LABEL}(?:\.${LABEL})*):(\d+)$`, 'u');
  return made.nameAndPort;
}

// As Ansible's parse_address: [address]:22 or name:22. Of what is no name (user@host:22) nothing is split off.
function splitPort(pattern: string): { address: string; port?: string } {
  const bracketed = /^\[((?:[^[\]]|\[[^[\]]*\])+)\]:(\d+)$/s.exec(pattern);
  // One colon is a range's ([1:2]:22), none a name's, more are an IPv6 address's.
  const colons = bracketed?.[1]?.replace(/\[[^\]]*\]/g, '').match(/:/g)?.length ?? 0;
  const match = bracketed !== null && colons !== 1 ? bracketed : nameAndPort().exec(pattern);
  if (match?.[1] === undefined || match[2] === undefined) return { address: pattern };
  return { address: match[1], port: match[2] };
}

interface Range {
  readonly count: number;
  values(): string[];
}

function parseRange(text: string): Range | AnsibleRangeFault {
  const [first = '', last, stepText = '1', extra] = text.split(':');
  if (last === undefined || extra !== undefined || !/^\d{1,9}$/.test(stepText) || Number(stepText) === 0) {
    return { fault: `${show(`[${text}]`)} is no range`, mend: RANGE };
  }
  const step = Number(stepText);
  const letters = /^[a-zA-Z]$/;
  if (letters.test(first) && letters.test(last)) {
    return counted(text, LETTERS.indexOf(first), LETTERS.indexOf(last), step, (i) => LETTERS.charAt(i));
  }
  if (!/^\d{0,15}$/.test(first) || !/^\d{1,15}$/.test(last)) {
    return { fault: `${show(`[${text}]`)} is no range`, mend: RANGE };
  }
  const padded = first.length > 1 && first.startsWith('0');
  if (padded && first.length !== last.length) {
    return {
      fault: `the ends of ${show(`[${text}]`)} are not equally long`,
      mend: 'write both with the same number of digits',
    };
  }
  const width = padded ? first.length : 0;
  return counted(text, Number(first), Number(last), step, (i) => String(i).padStart(width, '0'));
}

function counted(
  text: string,
  first: number,
  last: number,
  step: number,
  name: (i: number) => string,
): Range | AnsibleRangeFault {
  // Ansible takes [5:1] for no host at all: a slip that nobody would notice.
  if (first > last) return { fault: `the range ${show(`[${text}]`)} runs backwards`, mend: 'swap its ends' };
  const count = Math.floor((last - first) / step) + 1;
  return { count, values: () => Array.from({ length: count }, (_, i) => name(first + i * step)) };
}
