import { isUtf8 } from 'node:buffer';

/** What a host sends that is not what was asked for. */
export class Refused extends Error {
  override readonly name = 'Refused';
}

/**
 * A name that a host sent, as its parts.
 * @throws Refused where it is absolute, has a part `..`, or is no text that a file can be called
 */
export function nameParts(name: string): readonly string[] {
  if (name.startsWith('/')) throw new Refused(`the host sent an absolute name, ${shown(name)}`);
  const parts = name.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..'))
    throw new Refused(`the host sent a name that leads out of the folder, ${shown(name)}`);
  if (name.includes('\0')) throw new Refused(`the host sent a name with a NUL, ${shown(name)}`);
  if (!isUtf8(Buffer.from(name)) || name.includes('\ufffd'))
    throw new Refused(`the host has a name that is no UTF-8, ${shown(name)}; it can't be brought here`);
  return parts;
}

/**
 * Checks where a link leads to: only ever below the top of its tree. `..` counts at the beginning alone; behind a name
 * it would be taken from wherever that name, itself a link, leads to.
 * @param parts the link's own name, from the top on
 * @throws Refused
 */
export function checkLink(parts: readonly string[], target: string): void {
  const steps = target.split('/').filter((part) => part !== '' && part !== '.');
  const firstName = steps.findIndex((step) => step !== '..');
  const ups = firstName === -1 ? steps.length : firstName;
  const inside = parts.length >= 2 && ups <= parts.length - 2 && !steps.slice(ups).includes('..');
  if (!inside || target === '' || target.startsWith('/'))
    throw new Refused(
      `the host sent a link that leads out of the folder, ${shown(parts.join('/'))} -> ${shown(target)}`,
    );
}

export function shown(name: string): string {
  return JSON.stringify(name.length > 200 ? `${name.slice(0, 200)}…` : name);
}
