import path from 'node:path';
import { PsshError } from '../../core/errors.js';
import { TRANSFER_DEFAULTS, type TransferredFile } from '../../core/files.js';
import type { Template } from '../../core/map/replacement.js';
import { show } from '../../core/show.js';
import { type Target, targetName } from '../../core/target.js';
import type { Master } from '../../master/pool.js';
import { Digests } from '../../transfer/digest.js';
import { get } from '../../transfer/get.js';
import { readLocalSource } from '../../transfer/local-source.js';
import { put } from '../../transfer/put.js';
import { remoteFault, runRemote, type TransferHost } from '../../transfer/remote.js';
import { oneLine, PRELUDE, remoteCommand, SAY_BEGIN } from '../../transfer/remote-script.js';
import type { Connection } from '../../transport/transport.js';
import { folderOfMark } from '../leash/shared-leash-script.js';
import type { Workdir } from './options.js';
import type { Work } from './task-queue.js';

const OPTIONS = { ...TRANSFER_DEFAULTS, recursive: true };
const CLEAN_MS = 10_000;

/*
 * 1 new: makes the folder of mark 2; old: it is there; at: the folder 2, which is the user's. Then folders below it:
 * +NAME is made, -NAME removed.
 */
const PREPARE = oneLine(String.raw`
  ${PRELUDE}
  umask 077;
  case $1 in at) full "$2";; *) d="${folderOfMark('$2')}";; esac;
  case $1 in new)
    mkdir "$d" 2>/dev/null || { test -d "$d" && test ! -L "$d" && test -O "$d"; } || die "can not make the folder $d";;
  esac;
  cd "$d" || exit 1;
  d=$(pwd);
  shift 2;
  for a in "$@"; do
    case $a in -*) rm -rf "./@{a#-}";; *) mkdir -p "./@{a#+}" || exit 1;; esac;
  done;
  ${SAY_BEGIN}
  printf "%s\n" "$d";
`);

const REMOVE = oneLine(`
  ${PRELUDE}
  rm -rf "${folderOfMark('$1')}";
  ${SAY_BEGIN}
`);

export interface FilesPlan {
  readonly workdir: Workdir | null;
  readonly puts: readonly Template[];
  readonly gets: readonly Template[];
  /** Our folder that files come back to. */
  readonly to: string;
}

export interface FilesHost {
  readonly target: Target;
  readonly connection: Connection;
  readonly master: Master;
  /** Of the connection: it names the folder, so that the leash can take it away. */
  readonly mark: string;
}

/** The folders of one connection's tasks, and the files that go to them and come back. */
export class TaskFiles {
  private base: Promise<string> | null = null;
  private readonly digests = new Digests();
  /** Folders of tasks that are over; they go before the next is made. */
  private readonly stale: string[] = [];
  private made = 0;
  private readonly folders = new Map<Work, string>();

  constructor(
    private readonly plan: FilesPlan,
    private readonly host: FilesHost,
  ) {}

  /** Makes the task's folder and brings its files there. @throws PsshError; the signal's reason */
  async bring(
    work: Work,
    slot: number,
    signal: AbortSignal,
  ): Promise<{
    readonly cwd: string | null;
    readonly sent: number;
    readonly files: readonly TransferredFile[];
  }> {
    const { workdir, puts } = this.plan;
    if (workdir === null) return { cwd: null, sent: 0, files: [] };
    const filling = this.filling(work, slot);
    const sources = puts.map((template) => template.plain(filling));
    const places = sources.map(placeBelow);
    const host = this.transferHost(signal);
    const cwd = await this.folderFor(
      work,
      places.map((place) => path.posix.dirname(place)),
      host,
    );
    const files: TransferredFile[] = [];
    for (const [index, source] of sources.entries()) {
      const dest = `${cwd}/${places[index]}`;
      const request = { kind: 'put', sources: [readLocalSource(source, true)], dest } as const;
      files.push(...(await put({ ...request, options: OPTIONS, digests: this.digests }, host)));
    }
    return { cwd, sent: files.reduce((sum, { bytes }) => sum + bytes, 0), files };
  }

  /** Brings back what the task has made. */
  async fetch(work: Work, slot: number, signal: AbortSignal): Promise<readonly TransferredFile[]> {
    const { gets, to } = this.plan;
    const cwd = this.folders.get(work) ?? null;
    const filling = this.filling(work, slot);
    const files: TransferredFile[] = [];
    for (const template of gets) {
      const name = template.plain(filling);
      const place = placeBelow(name);
      const source = name.startsWith('/') || name.startsWith('~') || cwd === null ? name : `${cwd}/${name}`;
      const request = {
        ...({ kind: 'get', sources: [source], suffix: '', ignoreMissing: false } as const),
        ...{
          folder: path.join(to, path.dirname(place)),
          options: OPTIONS,
          owners: new Map<string, string>(),
        },
      };
      files.push(...(await get(request, this.transferHost(signal))));
    }
    return files;
  }

  /** The task is over. */
  leave(work: Work): void {
    const folder = this.folders.get(work);
    this.folders.delete(work);
    if (folder !== undefined && this.plan.workdir === 'task') this.stale.push(path.posix.basename(folder));
  }

  /** Takes all folders away. Never fails: where the connection has gone, the leash does it. */
  async close(): Promise<void> {
    if (this.base === null || !this.isOurs) return;
    const host = this.transferHost(AbortSignal.timeout(CLEAN_MS));
    await runRemote(host, remoteCommand(REMOVE, [this.host.mark])).catch(() => undefined);
  }

  private get isOurs(): boolean {
    return typeof this.plan.workdir === 'string';
  }

  private filling({ task: { seq, values } }: Work, slot: number) {
    return { seq, values, slot, host: targetName(this.host.target) };
  }

  private async folderFor(work: Work, below: readonly string[], host: TransferHost): Promise<string> {
    const { workdir } = this.plan;
    const base = await this.baseFolder(host);
    this.made += 1;
    const own = workdir === 'task' ? `${work.task.seq}.${this.made}` : '.';
    const folders = [own, ...below.filter((name) => name !== '.').map((name) => `${own}/${name}`)];
    const gone = this.stale.splice(0);
    const needed = own === '.' ? folders.slice(1) : folders;
    if (needed.length + gone.length > 0)
      await this.prepare(host, typeof workdir === 'object' ? 'at' : 'old', [
        ...gone.map((name) => `-${name}`),
        ...needed.map((name) => `+${name}`),
      ]);
    const folder = own === '.' ? base : `${base}/${own}`;
    this.folders.set(work, folder);
    return folder;
  }

  private baseFolder(host: TransferHost): Promise<string> {
    if (this.base === null) {
      const base = this.prepare(host, this.isOurs ? 'new' : 'at', []);
      this.base = base;
      base.catch(() => {
        if (this.base === base) this.base = null;
      });
    }
    return this.base;
  }

  private async prepare(host: TransferHost, how: string, folders: readonly string[]): Promise<string> {
    const { workdir } = this.plan;
    const what = typeof workdir === 'object' && workdir !== null ? workdir.path : this.host.mark;
    const end = await runRemote(host, remoteCommand(PREPARE, [how, what, ...folders]));
    if (end.status !== 0) throw remoteFault(host, end, '--workdir');
    return end.stdout.replace(/\n$/, '');
  }

  private transferHost(signal: AbortSignal): TransferHost {
    const { target, connection, master } = this.host;
    return { target, connection, master, signal, programs: signal };
  }
}

/** Where a file stands below a folder: where it stands below ours, or by its name alone where that is elsewhere. */
function placeBelow(name: string): string {
  const place = path.posix.normalize(name);
  if (place === '.' || /(^|\/)\.\.$/.test(place) || name.includes('\0'))
    throw new PsshError('ERR_USAGE', `${show(name)} names no file`);
  return /^(\/|~|\.\.\/)/.test(place) ? path.posix.basename(place) : place;
}
