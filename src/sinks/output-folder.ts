import { randomBytes } from 'node:crypto';
import {
  accessSync,
  constants,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { PsshError, usageError } from '../core/errors.js';
import { show } from '../core/show.js';
import { systemReason } from './file-fault.js';

/** What becomes of the files of an earlier run. */
export type FolderMode = 'fresh' | 'append' | 'overwrite';

/** The list of our files in a folder: which host each belongs to, and what `--overwrite` may take away. */
export const INDEX_NAME = '.pssh-ts.json';
const SCHEMA = 'pssh-ts/outdir@1';

const { O_WRONLY, O_APPEND, O_CREAT, O_EXCL, O_TRUNC, O_NOFOLLOW } = constants;
const APPEND = O_WRONLY | O_APPEND | O_NOFOLLOW;
const FIRST_OPEN: Readonly<Record<FolderMode, number>> = {
  fresh: APPEND | O_CREAT | O_EXCL,
  append: APPEND | O_CREAT,
  overwrite: APPEND | O_CREAT | O_TRUNC,
};

/** A folder made ready for a file a host. */
export interface OutputFolder {
  readonly path: string;
  /** How a file is opened for the first time, and again. */
  readonly flags: { readonly first: number; readonly again: number };
  /** Before the first file is written: what is to be replaced goes now, when the run has really begun. */
  begin(): void;
  /** Nothing was run after all: takes away what was made here. */
  discard(): void;
}

/**
 * Makes the folder, or takes one that is there.
 * @param files file name → host, of the run to come
 * @throws PsshError ERR_USAGE for a folder with files in it unless the mode says what to do with them
 */
export function openOutputFolder(
  option: string,
  folder: string,
  mode: FolderMode,
  files: ReadonlyMap<string, string>,
): OutputFolder {
  const place = path.resolve(folder);
  const index = path.join(place, INDEX_NAME);
  try {
    const made = mkdirSync(place, { recursive: true });
    const entries = readdirSync(place);
    if (mode === 'fresh' && entries.length > 0) {
      throw usageError(
        `${option}: ${show(folder)} holds files already; name an empty folder, or add --append or --overwrite`,
      );
    }
    // Of two runs at once one is refused here, or at the first file.
    if (mode === 'fresh') writeIndex(index, files);
    else accessSync(place, constants.W_OK | constants.X_OK);
    return {
      path: place,
      flags: { first: FIRST_OPEN[mode], again: APPEND },
      begin: () => {
        if (mode === 'fresh') return;
        const known = readIndex(index);
        if (mode === 'overwrite')
          for (const name of known.keys()) rmSync(path.join(place, name), { force: true });
        writeIndex(index, mode === 'append' ? new Map([...known, ...files]) : files);
      },
      discard: () => {
        if (mode === 'fresh') rmSync(index, { force: true });
        if (made !== undefined) removeEmpty(place, made);
      },
    };
  } catch (error) {
    if (error instanceof PsshError) throw error;
    const reason =
      statSync(place, { throwIfNoEntry: false })?.isFile() === true ? 'it is a file' : systemReason(error);
    throw usageError(
      `${option}: ${show(folder)} can't be used: ${reason}; name a folder that you may write`,
      error,
    );
  }
}

function readIndex(index: string): Map<string, string> {
  try {
    const { schema, files } = JSON.parse(readFileSync(index, 'utf8')) as { schema: unknown; files: unknown };
    if (schema !== SCHEMA || typeof files !== 'object' || files === null) return new Map();
    // Only what we could have named ourselves: the list must not lead out of the folder.
    return new Map(
      Object.entries(files as Record<string, string>).filter(([name]) =>
        /^[\w%@+=,~-][\w%@+=,.~-]*$/.test(name),
      ),
    );
  } catch {
    return new Map();
  }
}

function writeIndex(index: string, files: ReadonlyMap<string, string>): void {
  const temporary = `${index}.${randomBytes(6).toString('hex')}`;
  const text = `${JSON.stringify({ schema: SCHEMA, files: Object.fromEntries(files) })}\n`;
  // Never through a link that somebody else put there.
  writeFileSync(temporary, text, { flag: 'wx' });
  renameSync(temporary, index);
}

/** Removes a folder and those above it, up to the first that was made, as long as they are empty. */
function removeEmpty(folder: string, first: string): void {
  try {
    for (let place = folder; place.length >= first.length; place = path.dirname(place)) rmdirSync(place);
  } catch {
    // Somebody else uses it by now.
  }
}
