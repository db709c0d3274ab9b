import { createHash, randomBytes } from 'node:crypto';
import type { TransferOptions, TransferredFile } from '../core/files.js';
import { targetKey } from '../core/target.js';
import { archive, pieces } from './archive.js';
import type { Digests } from './digest.js';
import type { LocalEntry, LocalSource } from './local-source.js';
import { putFileCommand, putTreeCommand, sameTreeCommand } from './put-script.js';
import { Rate } from './rate.js';
import { type RemoteEnd, remoteFault, runRemote, type TransferHost, transferError, write } from './remote.js';
import { scpTo } from './scp.js';

export interface PutRequest {
  readonly kind: 'put';
  readonly sources: readonly LocalSource[];
  readonly dest: string;
  readonly options: TransferOptions;
  /** Shared by the hosts of a run. */
  readonly digests: Digests;
}

/**
 * Sends files to a host: each has its name there only once it is whole.
 * @throws PsshError ERR_TRANSFER, or the connection's
 */
export async function put(request: PutRequest, host: TransferHost): Promise<readonly TransferredFile[]> {
  const files = await send(request, host);
  // The home of the login is `.` to the host.
  return files.map((file) => ({ ...file, dest: file.dest.replaceAll('/./', '/') }));
}

async function send(request: PutRequest, host: TransferHost): Promise<readonly TransferredFile[]> {
  const { sources, options } = request;
  const [only] = sources;
  const [entry] = only?.entries ?? [];
  if (sources.length === 1 && only?.kind === 'file' && entry !== undefined && options.via === 'auto')
    return putFile(request, host, only, entry);
  if (options.ifChanged) {
    const same = await sameTree(request, host);
    if (same !== null) return same;
  }
  if (options.via === 'scp') return putByScp(request, host);
  return (await putByTar(request, host)) ?? putByScp(request, host);
}

async function putFile(
  { dest, options, digests }: PutRequest,
  host: TransferHost,
  source: LocalSource,
  entry: LocalEntry,
): Promise<readonly TransferredFile[]> {
  const compares = options.verify || options.ifChanged;
  const command = putFileCommand({
    ...{ dest, name: source.name, size: entry.size, mode: entry.mode, mtime: entry.mtime },
    ...{ preserve: options.preserve, ifChanged: options.ifChanged, ...names(host) },
    sha256: compares ? await ownFile(host, digests.of(entry.path)) : null,
  });
  const rate = new Rate(options.limitRate, host.signal);
  const end = await runRemote(host, command, {
    input: async (stdin) => {
      for await (const piece of ownPieces(host, pieces(entry))) {
        await rate.take(piece.length);
        await write(stdin, piece);
      }
    },
  });
  const told = /^(same|done) ([\s\S]*)\n$/.exec(end.stdout);
  if (end.status !== 0 || told === null) throw remoteFault(host, end, dest);
  const [, word, place = dest] = told;
  return [{ source: source.source, dest: place, bytes: source.bytes, changed: word === 'done' }];
}

/** Null: the host has no tar, and another way is left. */
async function putByTar(
  { sources, dest, options, digests }: PutRequest,
  host: TransferHost,
): Promise<readonly TransferredFile[] | null> {
  const entries = sources.flatMap((source) => source.entries);
  const command = putTreeCommand('tar', { dest, ...treeOf(sources, options), ...names(host) });
  const sums = options.verify ? await ownFile(host, digests.list(entries)) : '';
  const rate = new Rate(options.limitRate, host.signal);
  const last = [
    { name: 'sums', text: sums },
    { name: 'done', text: '' },
  ];
  const end = await runRemote(host, command, {
    input: async (stdin) => {
      for await (const piece of ownPieces(host, archive(entries, last))) {
        await rate.take(piece.length);
        await write(stdin, piece);
      }
    },
  });
  if (end.stdout.startsWith('no-tar')) {
    if (options.via === 'auto') return null;
    throw transferError(host.target, 'the host has no tar; leave out --via, or use --via scp');
  }
  return named(sources, host, end, dest);
}

async function putByScp(
  { sources, dest, options, digests }: PutRequest,
  host: TransferHost,
): Promise<readonly TransferredFile[]> {
  const entries = sources.flatMap((source) => source.entries);
  const link = entries.find(({ kind }) => kind === 'link');
  if (link !== undefined)
    throw transferError(host.target, `${link.path} is a link, which scp would follow; use --via tar`);
  const command = putTreeCommand('scp', { dest, ...treeOf(sources, options), ...names(host) });
  const sums = options.verify ? await ownFile(host, digests.list(entries)) : '';
  let tell: (folder: string) => void = () => undefined;
  const folder = new Promise<string>((resolve) => {
    tell = resolve;
  });
  let text = '';
  const end = await runRemote(host, command, {
    input: async (stdin) => {
      const place = await folder;
      if (place === '') return;
      await scpTo(host, options, sources, `${place}/files`);
      await write(stdin, Buffer.from(`go\n${sums}`));
    },
    output: async (read) => {
      for await (const piece of read) {
        text += piece.toString();
        const end = text.indexOf('\n');
        if (end !== -1) tell(text.slice(0, end));
      }
      tell('');
    },
  });
  return named(sources, host, { ...end, stdout: text.slice(text.indexOf('\n') + 1) }, dest);
}

async function sameTree(
  { sources, dest, digests }: PutRequest,
  host: TransferHost,
): Promise<readonly TransferredFile[] | null> {
  const entries = sources.flatMap((source) => source.entries);
  // What is no file has no sum to compare.
  if (entries.some(({ kind }) => kind === 'link')) return null;
  const sums = await ownFile(host, digests.list(entries));
  if (sums === '') return null;
  const end = await runRemote(host, sameTreeCommand(dest), {
    input: (stdin) => write(stdin, Buffer.from(sums)),
  });
  const place = /^same ([\s\S]*)\n$/.exec(end.stdout)?.[1];
  if (end.status !== 0 || place === undefined) return null;
  return sources.map((source) => ({
    source: source.source,
    dest: `${place.replace(/\/$/, '')}/${source.name}`,
    bytes: source.bytes,
    changed: false,
  }));
}

function named(
  sources: readonly LocalSource[],
  host: TransferHost,
  end: RemoteEnd,
  dest: string,
): readonly TransferredFile[] {
  const place = /^done ([\s\S]*)\n$/.exec(end.stdout)?.[1];
  if (end.status !== 0 || place === undefined) throw remoteFault(host, end, dest);
  return sources.map(({ source, name, bytes }) => ({
    source,
    dest: place.endsWith('/') ? `${place}${name}` : place,
    bytes,
    changed: true,
  }));
}

const treeOf = (sources: readonly LocalSource[], options: TransferOptions) => ({
  preserve: options.preserve,
  verify: options.verify,
  single: sources.length === 1 ? (sources[0]?.kind ?? null) : null,
});

/** The tag is the host's, so that what lies in a folder that several hosts share is swept by its own alone. */
function names({ target }: TransferHost): { readonly tag: string; readonly id: string } {
  const tag = createHash('sha256').update(targetKey(target)).digest('hex').slice(0, 12);
  return { tag, id: randomBytes(6).toString('hex') };
}

/** A fault of ours, told with the host that it kept from its file. */
async function ownFile<T>(host: TransferHost, work: Promise<T>): Promise<T> {
  return work.catch((error: Error) => {
    throw transferError(host.target, error.message, error);
  });
}

async function* ownPieces(host: TransferHost, source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const all = source[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await ownFile(host, all.next());
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    await all.return?.();
  }
}
