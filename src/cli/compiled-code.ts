import fs from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import vm from 'node:vm';

// Put in by scripts/build.js: a hash of the file that is loaded, so that no other build's code is ever taken.
declare const BUILD_ID: string;

const MONTH_MS = 30 * 24 * 3_600_000;

interface Entry {
  start(): Promise<void>;
}

/**
 * Loads a CommonJS file of ours, compiled once and kept: V8's own code cache, in the runtime folder, which nobody
 * else can write. Where there is none, or V8 does not take it (another version, other flags), it is compiled anew.
 */
export function loadCompiled(folder: string, file: string): void {
  const source = path.join(folder, file);
  const uid = process.getuid?.();
  const cache = uid === undefined ? null : cacheFile(uid);
  const cachedData = uid === undefined || cache === null ? undefined : readOwn(cache, uid);
  const script = new vm.Script(fs.readFileSync(source, 'latin1'), {
    filename: source,
    ...(cachedData === undefined ? {} : { cachedData }),
  });
  const made = { exports: {} as Entry };
  const run = script.runInThisContext() as (...names: unknown[]) => void;
  run(made.exports, createRequire(source), made, source, folder);
  void made.exports.start().finally(() => {
    // What has run by now is compiled and kept, too.
    if (cachedData === undefined && cache !== null) keep(cache, script.createCachedData());
  });
}

/** Null: there is no runtime folder yet, or none that is ours alone. The runs that need one make it. */
function cacheFile(uid: number): string | null {
  const shared = process.env.XDG_RUNTIME_DIR;
  const folders = [
    ...(shared === undefined || !path.isAbsolute(shared) ? [] : [path.join(shared, 'pssh-ts')]),
    path.join(tmpdir(), `pssh-ts-${uid}`),
  ];
  const folder = folders.find((one) => isPrivate(one, uid));
  return folder === undefined
    ? null
    : path.join(folder, `code.${BUILD_ID}.${process.version}.${process.arch}.${kindOfRun()}`);
}

/** What is kept is what a run has used, and that differs. */
function kindOfRun(): string {
  const kinds = ['__complete', 'exec', 'map', 'put', 'get', 'sync', 'hosts'];
  return process.argv.find((word) => kinds.includes(word)) ?? 'other';
}

function isPrivate(folder: string, uid: number): boolean {
  const stats = fs.lstatSync(folder, { throwIfNoEntry: false });
  return stats?.isDirectory() === true && stats.uid === uid && (stats.mode & 0o077) === 0;
}

/** Only what we have written ourselves: the folder could be another one by now, where others rule over what it lies in. */
function readOwn(file: string, uid: number): Buffer | undefined {
  try {
    const descriptor = fs.openSync(file, 'r');
    try {
      const stats = fs.fstatSync(descriptor);
      const own = stats.isFile() && stats.uid === uid && (stats.mode & 0o077) === 0;
      return own ? fs.readFileSync(descriptor) : undefined;
    } finally {
      fs.closeSync(descriptor);
    }
  } catch {
    return undefined;
  }
}

/** Whole or not at all, on the disk before it has its name: V8 trusts what it is given. */
function keep(file: string, code: Buffer): void {
  const early = `${file}.${process.pid}`;
  try {
    const descriptor = fs.openSync(early, 'wx', 0o600);
    try {
      fs.writeFileSync(descriptor, code);
      fs.fsyncSync(descriptor);
    } finally {
      fs.closeSync(descriptor);
    }
    fs.renameSync(early, file);
    removeOld(path.dirname(file));
  } catch {
    // A full disk, a folder that has gone: the next run compiles again.
    fs.rmSync(early, { force: true });
  }
}

function removeOld(folder: string): void {
  for (const name of fs.readdirSync(folder)) {
    const file = path.join(folder, name);
    if (name.startsWith('code.') && Date.now() - fs.statSync(file).mtimeMs > MONTH_MS) fs.rmSync(file);
  }
}
