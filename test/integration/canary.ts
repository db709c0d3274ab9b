import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CANARY } from '../injection-corpus.js';

/** A program that tells whenever it is run, whoever runs it. */
export interface Canary {
  /** Where it lies: to stand first in a PATH, here or on a host. */
  readonly folder: string;
  /** What has run it since the last look: its arguments, a text for each time. */
  hits(): string[];
}

/** @param dir a folder that everybody may enter */
export function plantCanary(dir: string): Canary {
  const folder = join(dir, 'canary');
  const hits = join(dir, 'hits');
  mkdirSync(folder, { mode: 0o755 });
  mkdirSync(hits);
  // Whoever logs in may tell.
  chmodSync(hits, 0o1777);
  const script = [
    '#!/bin/sh',
    'PATH=/usr/bin:/bin',
    `printf '%s in %s\\n' "$0 $*" "$PWD" >"$(mktemp ${hits}/XXXXXXXX)"`,
    '',
  ];
  writeFileSync(join(folder, CANARY), script.join('\n'), { mode: 0o755 });
  return {
    folder,
    hits: () =>
      readdirSync(hits).map((name) => {
        const text = readFileSync(join(hits, name), 'utf8');
        rmSync(join(hits, name));
        return text;
      }),
  };
}
