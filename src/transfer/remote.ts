import type { Readable, Writable } from 'node:stream';
import { PsshError } from '../core/errors.js';
import type { Target } from '../core/target.js';
import type { Master } from '../master/pool.js';
import type { Channel, Connection } from '../transport/transport.js';
import { drained } from './drained.js';
import { BEGIN } from './remote-script.js';

/** A host that files are moved to or from. */
export interface TransferHost {
  readonly target: Target;
  readonly connection: Connection;
  readonly master: Master;
  /** Gives the transfer up. */
  readonly signal: AbortSignal;
  /** Ends the programs that were started here; comes before the host's side is ended, which waits for them. */
  readonly programs: AbortSignal;
  /** Told of bytes of files that have gone over. */
  readonly moved: (bytes: number) => void;
}

export interface RemoteWork {
  /** Writes the script's input, to its end or not: the script has to know what is whole. */
  readonly input?: (stdin: Writable) => Promise<void>;
  /** Reads what the script prints behind its beginning; without it the text is returned. */
  readonly output?: (pieces: AsyncIterable<Buffer>) => Promise<void>;
}

export interface RemoteEnd {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

const MOST_ERROR_TEXT = 16 * 1024;
const MOST_BEFORE_BEGIN = 64 * 1024;

export function transferError(target: Target, message: string, cause?: unknown): PsshError {
  return new PsshError('ERR_TRANSFER', message, { target: target.label, cause });
}

/** The other side has ended: its exit status tells why. */
class InputRefused extends Error {}

/** Writes as fast as the other side takes it. */
export async function write(stdin: Writable, bytes: Uint8Array): Promise<void> {
  if (stdin.destroyed) throw new InputRefused();
  if (stdin.write(bytes)) return;
  await drained(stdin);
  if (stdin.destroyed) throw new InputRefused();
}

/**
 * Runs a script on the host, to its end.
 * @throws PsshError ERR_TRANSFER for what was killed, else the connection's; whatever the input or output threw
 */
export async function runRemote(
  host: TransferHost,
  command: string,
  work: RemoteWork = {},
): Promise<RemoteEnd> {
  const { connection, signal, target } = host;
  signal.throwIfAborted();
  const stdin = work.input === undefined ? 'none' : 'pipe';
  const channel = await connection.open(command, { stdin, signal });
  // What still runs there must not hold us once we have let it go.
  let letGo: (error: Error) => void = () => undefined;
  const givenUp = new Promise<never>((_, reject) => {
    letGo = reject;
  });
  givenUp.catch(() => undefined);
  const close = (): void => {
    channel.close();
    letGo(new Error('given up'));
  };
  signal.addEventListener('abort', close, { once: true });
  try {
    const stderr = tailOf(channel.stderr);
    const text: Buffer[] = [];
    const keep = async (pieces: AsyncIterable<Buffer>): Promise<void> => {
      for await (const piece of pieces) text.push(piece);
    };
    const beginning: Beginning = { isThere: false, tooMuchBefore: false, said: '' };
    const output = (work.output ?? keep)(behindBegin(channel.stdout, beginning)).finally(() => {
      channel.stdout.resume();
      if (beginning.tooMuchBefore) close();
    });
    // Whatever it did not like, the other side must not wait for us. What never began has ended by itself.
    output.catch(() => (beginning.isThere ? close() : undefined));
    const input = feed(channel, work.input);
    const [exit, said, read, sent] = await Promise.allSettled([
      Promise.race([channel.exited, givenUp]),
      stderr,
      output,
      input,
    ]);
    signal.throwIfAborted();
    if (beginning.tooMuchBefore) throw transferError(target, NOT_RUN);
    if (read.status === 'rejected' && beginning.isThere) throw read.reason;
    if (sent.status === 'rejected' && !(sent.reason instanceof InputRefused)) throw sent.reason;
    if (exit.status === 'rejected') throw exit.reason;
    if (channel.cut) throw channel.cut;
    const words = said.status === 'fulfilled' ? said.value : '';
    if ('signal' in exit.value) {
      const name = exit.value.signal === null ? 'a signal' : `SIG${exit.value.signal}`;
      throw transferError(target, `the host's side of the transfer was killed by ${name}`);
    }
    // What ends before it begins has told why on stderr, if it is ours.
    if (!beginning.isThere && (exit.value.status === 0 || words === ''))
      throw transferError(target, notRun(beginning.said));
    return { status: exit.value.status, stdout: Buffer.concat(text).toString(), stderr: words };
  } finally {
    signal.removeEventListener('abort', close);
    channel.close();
  }
}

async function feed(channel: Channel, input: RemoteWork['input']): Promise<void> {
  const { stdin } = channel;
  if (stdin === null || input === undefined) return;
  try {
    await input(stdin);
    stdin.end();
  } catch (error) {
    // What was sent is not whole: the script finds its end missing.
    stdin.end();
    throw error;
  }
}

/** How the output of a script begins. */
interface Beginning {
  isThere: boolean;
  tooMuchBefore: boolean;
  /** What stood in its place. */
  said: string;
}

const NOT_RUN = 'the host did not run what was sent (a forced command?)';

function notRun(said: string): string {
  const [line] = plainLines(said);
  return line === undefined ? NOT_RUN : `${NOT_RUN}: ${line.slice(0, 200)}`;
}

async function* behindBegin(stdout: Readable, beginning: Beginning): AsyncGenerator<Buffer> {
  let before = Buffer.alloc(0);
  for await (const piece of stdout as AsyncIterable<Buffer>) {
    if (beginning.isThere) {
      yield piece;
      continue;
    }
    before = Buffer.concat([before, piece]);
    const at = before.indexOf(BEGIN);
    beginning.isThere = at !== -1;
    if (beginning.isThere) yield before.subarray(at + BEGIN.length);
    beginning.tooMuchBefore = !beginning.isThere && before.length > MOST_BEFORE_BEGIN;
    if (beginning.tooMuchBefore) return;
  }
  if (!beginning.isThere) beginning.said = before.toString();
}

async function tailOf(stream: Readable): Promise<string> {
  let text = Buffer.alloc(0);
  try {
    for await (const piece of stream as AsyncIterable<Buffer>)
      text = Buffer.concat([text, piece]).subarray(-MOST_ERROR_TEXT);
  } catch {
    // What was said until then is all that we learn.
  }
  return text.toString();
}

/** Why a script failed: our own words where it has some, else the last of the program that it ran. */
export function remoteFault(
  { target }: TransferHost,
  { status, stderr }: RemoteEnd,
  path: string,
): PsshError {
  const lines = plainLines(stderr);
  const own = lines.findLast((line) => line.startsWith('pssh-ts: '));
  if (own !== undefined) return transferError(target, own.slice('pssh-ts: '.length, 500));
  // What a tar says last is only that it said something before.
  const said = lines.filter((line) => !/: (Exiting with failure|Error exit delayed)/.test(line)).at(-1);
  // GNU tar's words for it.
  const hint = /: Wrote only \d+ of \d+ bytes$/.test(said ?? '') ? ' (is the disk full?)' : '';
  return transferError(
    target,
    `${path}: ${said?.slice(0, 400) ?? `the host's side ended with status ${status}`}${hint}`,
  );
}

/** The lines of what a host may have written, without what moves a terminal's cursor. */
export function plainLines(text: string): readonly string[] {
  return text
    .split(/\r?\n/)
    .map((line) => line.replace(/[\u0000-\u001f\u007f-\u009f]/g, '?').trim())
    .filter((line) => line !== '');
}
