import { readdirSync, readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface Watched<T> {
  readonly result: T;
  /** All arguments and environments that were seen. */
  readonly seen: string;
  /** Limits of the core files of what answers ssh's questions. */
  readonly cores: ReadonlySet<string>;
}

/** Every process's arguments and environment, as often as can be, for as long as something goes on. */
export async function watchProcesses<T>(work: () => Promise<T>): Promise<Watched<T>> {
  let over = false;
  // What runs already is none of ours; looking at all of a busy machine would take longer than the helper lives.
  const before = new Set(readdirSync('/proc'));
  const seen = new Set<string>();
  const cores = new Set<string>();
  const done = work().finally(() => {
    over = true;
  });
  while (!over) {
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name) && !before.has(name))) {
      try {
        const args = readFileSync(`/proc/${pid}/cmdline`, 'latin1');
        seen.add(args);
        seen.add(readFileSync(`/proc/${pid}/environ`, 'latin1'));
        if (!args.includes('SSH_ASKPASS_PROMPT')) continue;
        const limit = /^Max core file size +(\S+ +\S+)/m.exec(readFileSync(`/proc/${pid}/limits`, 'latin1'));
        cores.add(limit?.[1]?.replace(/ +/, ' ') ?? '');
      } catch {
        // It has ended meanwhile.
      }
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  return { result: await done, seen: [...seen].join('\n'), cores };
}

/** What stands in all files below a folder. */
export async function textBelow(folder: string): Promise<string> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const texts = await Promise.all(files.map((file) => readFile(file, 'latin1').catch(() => '')));
  return texts.join('\n');
}
