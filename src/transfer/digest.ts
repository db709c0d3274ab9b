import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import type { LocalEntry } from './local-source.js';

/** SHA-256 of our files; each is read once a run, however many hosts it goes to. */
export class Digests {
  private readonly known = new Map<string, Promise<string>>();

  of(path: string): Promise<string> {
    const known = this.known.get(path) ?? digestOf(path);
    this.known.set(path, known);
    return known;
  }

  /** As sha256sum lists them. */
  async list(entries: readonly LocalEntry[]): Promise<string> {
    const lines: string[] = [];
    for (const { kind, path, name } of entries)
      if (kind === 'file') lines.push(sumLine(await this.of(path), `./${name}`));
    return lines.join('');
  }
}

export async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of createReadStream(path, { highWaterMark: 256 * 1024 }))
    hash.update(piece as Buffer);
  return hash.digest('hex');
}

// A backslash before the line tells that the name is written with escapes.
function sumLine(sum: string, name: string): string {
  if (!/[\\\n\r]/.test(name)) return `${sum}  ${name}\n`;
  const escaped = name.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\r', '\\r');
  return `\\${sum}  ${escaped}\n`;
}
