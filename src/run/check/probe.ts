import type { Channel, Connection } from '../../transport/transport.js';

const MOST_OUTPUT = 64 * 1024;

/** What came of a remote command of ours, or of what ran in its place. */
export interface Probe {
  readonly stdout: string;
  readonly stderr: string;
  /** Null: it did not end in time, and was let go. */
  readonly status: number | string | null;
}

export interface ProbeOptions {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Its stdin stays open until it is let go. @default false */
  readonly holds?: boolean;
  /** Enough has come; it is not awaited further. */
  readonly enough?: (stdout: string) => boolean;
}

/** A command that runs, or has run. */
export interface Held extends Probe {
  readonly channel: Channel;
}

/**
 * Runs a command until it has ended, has said enough, or the time is over.
 * @throws PsshError where no session was given or the connection was lost; the signal's reason
 */
export async function probe(connection: Connection, command: string, options: ProbeOptions): Promise<Held> {
  const { timeoutMs, signal, holds = false, enough = () => false } = options;
  const late = AbortSignal.timeout(timeoutMs);
  const limit = AbortSignal.any([signal, late]);
  const channel = await connection.open(command, { stdin: holds ? 'pipe' : 'none', signal: limit });
  channel.stdin?.on('error', () => undefined);
  channel.exited.catch(() => undefined);
  const text = { stdout: '', stderr: '' };
  let over = (): void => undefined;
  const said = new Promise<null>((resolve) => {
    over = () => resolve(null);
  });
  for (const name of ['stdout', 'stderr'] as const) {
    channel[name].on('data', (chunk: Buffer) => {
      if (text[name].length < MOST_OUTPUT) text[name] += chunk.toString('latin1');
      if (name === 'stdout' && enough(text.stdout)) over();
    });
    channel[name].on('error', () => undefined);
  }
  limit.addEventListener('abort', over, { once: true });
  const ended = channel.exited.then(async (exit) => {
    // What it said may come a moment behind its end.
    await Promise.race([Promise.all([endOf(channel, 'stdout'), endOf(channel, 'stderr')]), said]);
    return 'status' in exit ? exit.status : (exit.signal ?? 'a signal');
  });
  try {
    const status = await Promise.race([ended, said]);
    signal.throwIfAborted();
    if (status === null && !enough(text.stdout)) channel.close();
    return { ...text, status, channel };
  } finally {
    limit.removeEventListener('abort', over);
  }
}

function endOf(channel: Channel, name: 'stdout' | 'stderr'): Promise<void> {
  const stream = channel[name];
  if (stream.readableEnded || stream.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    stream.once('close', resolve).once('end', resolve);
  });
}
