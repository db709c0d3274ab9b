import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { usageError } from '../core/errors.js';
import { RECORD_SCHEMA, type RunRecord } from '../core/record.js';
import { show } from '../core/show.js';

const MOST_KEPT = 50;
// More than are kept may lie there for a while, so that not every run has to look for what to take away.
const SLACK = 10;
const FORGOTTEN_MS = 3_600_000;
const NAME = /^(\d{8}-\d{6}-\d{3}-[0-9a-f]{4})\.json$/;

/** Where the records of this user's runs lie. */
export function recordFolder(env: NodeJS.ProcessEnv): string {
  const { XDG_STATE_HOME, HOME } = env;
  const home = HOME === undefined || HOME === '' ? homedir() : HOME;
  const state =
    XDG_STATE_HOME !== undefined && path.isAbsolute(XDG_STATE_HOME)
      ? XDG_STATE_HOME
      : path.join(home, '.local', 'state');
  return path.join(state, 'pssh-ts', 'runs');
}

/** Writes a record, and takes the oldest away. @throws Error where the folder will not do */
export function writeRecord(folder: string, record: RunRecord, env: NodeJS.ProcessEnv): void {
  makePrivate(folder, env);
  const temporary = path.join(folder, `.${record.id}.${randomBytes(4).toString('hex')}.tmp`);
  try {
    writeFileSync(temporary, `${JSON.stringify(record)}\n`, { mode: 0o600, flag: 'wx' });
    renameSync(temporary, path.join(folder, `${record.id}.json`));
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  prune(folder);
}

/** The ids of the records kept, the newest first. */
export function recordIds(folder: string): readonly string[] {
  let names: readonly string[];
  try {
    names = readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  return names
    .flatMap((name) => NAME.exec(name)?.[1] ?? [])
    .sort()
    .reverse()
    .slice(0, MOST_KEPT);
}

/** @throws Error where it is not there any more, or is no record of ours */
export function readRecord(folder: string, id: string): RunRecord {
  const record = JSON.parse(readFileSync(path.join(folder, `${id}.json`), 'utf8')) as RunRecord;
  if (record.schema !== RECORD_SCHEMA) throw new Error(`its schema is ${show(String(record.schema))}`);
  return record;
}

/** The one record that a word means: `last`, an id, or how an id begins. @throws PsshError ERR_USAGE */
export function findRecord(folder: string, word: string): string {
  const ids = recordIds(folder);
  const [last] = ids;
  if (last === undefined) throw usageError('no run is recorded yet; every exec leaves a record');
  if (word === 'last') return last;
  const found = ids.filter((id) => id.startsWith(word));
  if (found.length === 1 && found[0] !== undefined) return found[0];
  const said = found.length === 0 ? 'no run' : `${found.length} runs`;
  throw usageError(`${show(word)} names ${said}; write last, or an id that pssh-ts runs list shows`);
}

/** Makes the folder, for this user alone. @throws Error where somebody else has a hand in it */
function makePrivate(folder: string, env: NodeJS.ProcessEnv): void {
  const uid = process.getuid?.() ?? -1;
  const stats = lstatSync(folder, { throwIfNoEntry: false });
  if (stats === undefined) {
    // `sudo -E`: folders of root's in that user's home would keep the user's own runs out.
    const { SUDO_UID } = env;
    const above = statSync(firstThere(folder)).uid;
    if (uid === 0 && above !== 0 && String(above) === SUDO_UID)
      throw new Error(`user ${above} owns its place`);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return;
  }
  if (!stats.isDirectory()) throw new Error('it is no folder');
  if (uid >= 0 && stats.uid !== uid) throw new Error(`user ${stats.uid} owns it, not ${uid}`);
  if ((stats.mode & 0o077) !== 0) chmodSync(folder, 0o700);
}

function firstThere(folder: string): string {
  let place = folder;
  while (lstatSync(place, { throwIfNoEntry: false }) === undefined && path.dirname(place) !== place)
    place = path.dirname(place);
  return place;
}

/** Another run may do the same at the same time. */
function prune(folder: string): void {
  const names = readdirSync(folder);
  const records = names.filter((name) => NAME.test(name)).sort();
  if (records.length > MOST_KEPT + SLACK)
    for (const name of records.slice(0, records.length - MOST_KEPT))
      rmSync(path.join(folder, name), { force: true });
  for (const name of names.filter((one) => one.endsWith('.tmp'))) {
    const file = path.join(folder, name);
    const stats = lstatSync(file, { throwIfNoEntry: false });
    if (stats !== undefined && Date.now() - stats.mtimeMs > FORGOTTEN_MS) rmSync(file, { force: true });
  }
}
