import { existsSync, readFileSync } from 'node:fs';

/** Of the package that this file is in: one folder up from the built file, two from the source. */
export function readVersion(): string {
  for (const place of ['../package.json', '../../package.json']) {
    const file = new URL(place, import.meta.url);
    if (existsSync(file)) return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
  }
  return 'unknown';
}
