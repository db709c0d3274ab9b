import { closeSync, existsSync, fstatSync, openSync, readSync, writeSync } from 'node:fs';
import { usageError } from '../../core/errors.js';
import type { Sink } from '../../core/events.js';
import { JOBLOG_HEADER, joblogLine, KnownTasks, readJoblogLine } from '../../core/map/joblog.js';
import type { MapEvent } from '../../core/map/task.js';
import { show } from '../../core/show.js';
import { systemReason, writeFailure } from '../file-fault.js';

const CHUNK = 1024 * 1024;

/** `--joblog`: a line for each task that has ended, added in one write when it has. */
export class JoblogSink implements Sink<MapEvent> {
  private constructor(
    private readonly file: number,
    private readonly name: string,
  ) {}

  /**
   * Opens the log for what comes.
   * @param resumes it may hold lines of an earlier run
   * @throws PsshError ERR_USAGE
   */
  static open(name: string, resumes: boolean): JoblogSink {
    let file: number;
    try {
      file = openSync(name, 'a+', 0o666);
    } catch (error) {
      throw usageError(
        `--joblog: ${show(name)} can't be written: ${systemReason(error)}; name a file that you may write`,
        error,
      );
    }
    const { size } = fstatSync(file);
    if (size > 0 && !resumes) {
      closeSync(file);
      throw usageError(
        `--joblog: ${show(name)} holds the log of an earlier run; add --resume or --resume-failed, or name another file`,
      );
    }
    const last = Buffer.alloc(1);
    // A crash or a full disk may have torn the last line: what follows must not become a part of it.
    if (size > 0 && readSync(file, last, 0, 1, size - 1) === 1 && last[0] !== 0x0a) writeSync(file, '\n');
    if (size === 0) writeSync(file, JOBLOG_HEADER);
    return new JoblogSink(file, name);
  }

  event(event: MapEvent): void {
    if (event.type !== 'finished') return;
    const line = joblogLine(event.result);
    if (line === null) return;
    try {
      const bytes = Buffer.from(line);
      if (writeSync(this.file, bytes) < bytes.length) throw new Error('the disk is full');
    } catch (error) {
      throw writeFailure('--joblog', this.name, error);
    }
  }

  end(): void {
    closeSync(this.file);
  }
}

/** What a log tells of tasks that were done; nothing where there is no such file. @throws PsshError ERR_USAGE */
export function readJoblog(name: string): KnownTasks {
  const known = new KnownTasks();
  if (!existsSync(name)) return known;
  let file: number | null = null;
  try {
    file = openSync(name, 'r');
    const chunk = Buffer.alloc(CHUNK);
    let held = '';
    for (let count = readSync(file, chunk); count > 0; count = readSync(file, chunk)) {
      // The key and the status, all that is read, are ASCII.
      const lines = (held + chunk.toString('latin1', 0, count)).split('\n');
      held = lines.pop() ?? '';
      for (const line of lines) note(known, line);
    }
    note(known, held);
    return known;
  } catch (error) {
    throw usageError(`--joblog: ${show(name)} can't be read: ${systemReason(error)}; name a file`, error);
  } finally {
    if (file !== null) closeSync(file);
  }
}

function note(known: KnownTasks, line: string): void {
  const told = readJoblogLine(line);
  if (told !== null) known.add(told);
}
