import { type Target, targetKey } from './target.js';

const LONGEST = 120;
const DIGITS = 16;

/** SHA-256 as hexadecimal digits. */
export type Hash = (text: string) => string;

/**
 * A file name for any host: readable, the same in every run, and never that of another host, on file systems that do
 * not tell `A` from `a` either. What is not plainly safe is written `%3a`; a name with capitals, or one too long, gets
 * a hash after `~`, which no other name holds.
 */
export function fileNameOf(label: string, hash: Hash): string {
  const safe = Array.from(Buffer.from(label), (byte, place) => {
    const character = String.fromCharCode(byte);
    const plain = /[A-Za-z0-9_@+=,-]/.test(character) || (character === '.' && place > 0);
    return plain ? character : `%${byte.toString(16).padStart(2, '0')}`;
  }).join('');
  if (safe !== '' && safe.length <= LONGEST && safe === safe.toLowerCase()) return safe;
  return `${safe.slice(0, LONGEST)}~${hash(label).slice(0, DIGITS)}`;
}

/** The file name of each target, by its place. */
export function fileNames(targets: readonly Target[], hash: Hash): readonly string[] {
  const taken = new Set<string>();
  return targets.map((target) => {
    const name = fileNameOf(target.label, hash);
    // Two ways to one label: an inventory may name a machine twice.
    const more = (): string => hash(`${name}\0${targetKey(target)}`).slice(0, DIGITS);
    const own = taken.has(name) ? `${name.slice(0, LONGEST)}~${more()}` : name;
    taken.add(own);
    return own;
  });
}
