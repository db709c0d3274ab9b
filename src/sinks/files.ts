import path from 'node:path';
import type { RunEvent, Sink, StreamName } from '../core/events.js';
import type { Target } from '../core/target.js';
import { AppendFiles } from './append-files.js';
import { writeFailure } from './file-fault.js';
import { fileNames } from './file-name.js';
import { type FolderMode, type OutputFolder, openOutputFolder } from './output-folder.js';

export interface FilesOptions {
  /** `--outdir` or `--errdir`, for messages. */
  readonly option: string;
  readonly folder: string;
  readonly mode: FolderMode;
  readonly stream: StreamName;
  readonly targets: readonly Target[];
}

// Two folders, the connections of a wide fanout and Node's own stay below the usual 1024.
const MOST_OPEN = 128;

/**
 * `--outdir`, `--errdir`: a file a host with the bytes of its commands, written as they come. A host whose command
 * was never started has none.
 */
export class FilesSink implements Sink {
  private readonly folder: OutputFolder;
  /** By the target's place in the whole list, of which these may be a part. */
  private readonly names: ReadonlyMap<number, string>;
  private readonly files: AppendFiles;
  private broken = false;
  private begun = false;

  /** @throws PsshError ERR_USAGE for a folder that can't be used, or holds files of an earlier run */
  constructor(private readonly options: FilesOptions) {
    const { option, folder, mode, targets } = options;
    const names = fileNames(targets);
    this.names = new Map(targets.map(({ index }, place) => [index, names[place] ?? '']));
    const hosts = new Map(names.map((name, place) => [name, targets[place]?.label ?? '']));
    this.folder = openOutputFolder(option, folder, mode, hosts);
    this.files = new AppendFiles(this.folder.flags, MOST_OPEN);
  }

  event(event: RunEvent): void | Promise<void> {
    this.begin();
    if (this.broken) return undefined;
    switch (event.type) {
      case 'started':
        return this.guard(event.target, (file) => this.files.append(file, null));
      case 'output':
        if (event.stream !== this.options.stream) return undefined;
        return this.guard(event.target, (file) => this.files.append(file, event.data));
      case 'finished':
        return this.guard(event.target, (file) => this.files.check(file));
      default:
        return undefined;
    }
  }

  async end(): Promise<void> {
    await this.files.close();
  }

  /** Nothing was run: takes away what was made for it. */
  discard(): void {
    if (this.begun) return;
    this.begun = true;
    this.folder.discard();
  }

  private begin(): void {
    if (this.begun) return;
    this.begun = true;
    try {
      this.folder.begin();
    } catch (error) {
      this.broken = true;
      throw writeFailure(this.options.option, this.options.folder, error);
    }
  }

  /** Tells of the first failure alone: the others say the same. */
  private async guard(target: Target, work: (file: string) => Promise<void>): Promise<void> {
    const name = this.names.get(target.index) ?? '';
    try {
      await work(path.join(this.folder.path, name));
    } catch (error) {
      if (this.broken) return;
      this.broken = true;
      throw writeFailure(this.options.option, path.join(this.options.folder, name), error);
    }
  }
}
