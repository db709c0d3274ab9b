import { type Dirent, existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { listProcesses, type ProcessLine } from './processes.js';

export interface Leftovers {
  readonly processes: readonly ProcessLine[];
  /** Paths of everything but folders; a socket's ends in '='. */
  readonly files: readonly string[];
}

const show = (entry: Dirent): string => join(entry.parentPath, entry.name) + (entry.isSocket() ? '=' : '');

async function filesBelow(folder: string): Promise<string[]> {
  if (!existsSync(folder)) return [];
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => !entry.isDirectory()).map(show);
}

/**
 * What a test left behind: processes whose command line mentions the marker (a fleet's dir, say), and what lies below
 * the folders. This process is not counted.
 */
export async function leftovers(marker: string, folders: readonly string[] = []): Promise<Leftovers> {
  const processes = await listProcesses();
  return {
    processes: processes.filter(({ pid, args }) => pid !== process.pid && args.includes(marker)),
    files: (await Promise.all(folders.map(filesBelow))).flat().sort(),
  };
}
