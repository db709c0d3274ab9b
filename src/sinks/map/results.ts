import { createWriteStream, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { usageError } from '../../core/errors.js';
import type { Sink } from '../../core/events.js';
import type { MapEvent, TaskResult } from '../../core/map/task.js';
import type { Output } from '../../core/output.js';
import { show } from '../../core/show.js';
import { systemReason, writeFailure } from '../file-fault.js';
import { fileNameOf } from '../file-name.js';
import { taskEnding } from './task-json.js';

const SMALL = 1024 * 1024;

/** `--results`: a folder a task, named for its values, with stdout, stderr and how it ended. */
export class ResultsSink implements Sink<MapEvent> {
  private constructor(private readonly folder: string) {}

  /** @throws PsshError ERR_USAGE */
  static open(folder: string): ResultsSink {
    try {
      mkdirSync(folder, { recursive: true });
    } catch (error) {
      throw usageError(
        `--results: ${show(folder)} can't be used: ${systemReason(error)}; name a folder that you may write`,
        error,
      );
    }
    return new ResultsSink(path.resolve(folder));
  }

  async event(event: MapEvent): Promise<void> {
    if (event.type !== 'finished' || event.result.target === null) return;
    const { result } = event;
    const folder = path.join(this.folder, fileNameOf(result.task.values.join(' ')));
    try {
      mkdirSync(folder, { recursive: true });
      await write(path.join(folder, 'stdout'), result.stdout);
      await write(path.join(folder, 'stderr'), result.stderr);
      // The last: where it stands the others are whole.
      writeFileSync(path.join(folder, 'task.json'), `${JSON.stringify(ending(result), null, 2)}\n`);
    } catch (error) {
      throw writeFailure('--results', folder, error);
    }
  }
}

const ending = (result: TaskResult): object => ({
  schema: 'pssh-ts/task@1',
  ...taskEnding(result),
  error: result.error,
});

async function write(file: string, output: Output): Promise<void> {
  if (output.length <= SMALL) writeFileSync(file, output.bytes());
  else await pipeline(Readable.from(output.pieces(), { objectMode: false }), createWriteStream(file));
}
