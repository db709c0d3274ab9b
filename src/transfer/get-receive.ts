import type { TransferOptions } from '../core/files.js';
import { byProgram } from './get-by-program.js';
import { type Group, namesOf } from './get-list.js';
import { sendCommand } from './get-script.js';
import { ownFault } from './own-fault.js';
import { Rate } from './rate.js';
import { remoteFault, runRemote, type TransferHost, transferError } from './remote.js';
import { Unpack } from './unpack.js';

export interface Receiving {
  readonly options: TransferOptions;
  readonly groups: readonly Group[];
  /** A private folder of ours, empty. */
  readonly temporary: string;
  /** Where the files of an earlier get lie. */
  readonly basis: string;
}

/**
 * Brings what is asked for into a private folder.
 * @returns bytes of files below each name
 * @throws PsshError ERR_TRANSFER, or the connection's
 */
export async function receive(
  { options, groups, temporary, basis }: Receiving,
  host: TransferHost,
): Promise<ReadonlyMap<string, number>> {
  const bytes = new Map<string, number>();
  const rate = new Rate(options.limitRate, host.signal);
  let { via } = options;
  for (const group of groups) {
    let came: ReadonlyMap<string, number> | null = null;
    if (via === 'auto' || via === 'tar') {
      came = await byTar(options, host, group, temporary, rate);
      if (came === null && via === 'tar')
        throw transferError(host.target, 'the host has no tar; leave out --via, or use --via scp');
      if (came === null) via = 'scp';
    }
    if (via === 'scp' || via === 'rsync')
      came = await byProgram(via, options, host, group, { folder: temporary, basis });
    for (const [name, size] of came ?? []) bytes.set(name, size);
  }
  return bytes;
}

/** Null: the host has no tar. */
async function byTar(
  options: TransferOptions,
  host: TransferHost,
  group: Group,
  temporary: string,
  rate: Rate,
): Promise<ReadonlyMap<string, number> | null> {
  const names = group.items.map(({ name }) => name);
  const unpack = new Unpack({
    folder: temporary,
    tops: new Set(names),
    root: group.kind === 'linked' ? (names[0] ?? '') : null,
    preserve: options.preserve,
    onContent: host.moved,
  });
  const end = await runRemote(host, sendCommand(group.folder, namesOf(group), group.kind === 'file'), {
    output: async (pieces) => {
      await ownFault(host, unpack.read(limited(pieces, rate)));
    },
  });
  if (end.status !== 0 && /^pssh-ts: no tar$/m.test(end.stderr)) return null;
  if (end.status !== 0 && !onlyGrowing(end.stderr)) throw remoteFault(host, end, group.folder);
  const missing = names.find((name) => !unpack.has(name));
  if (missing !== undefined) throw transferError(host.target, `${group.folder}/${missing}: did not come`);
  await ownFault(host, unpack.finish());
  return unpack.bytes;
}

/** GNU tar ends with 1 where a file was written to while it was read (a log): what it had then has come. */
function onlyGrowing(stderr: string): boolean {
  const lines = stderr.split('\n').filter((line) => line !== '');
  return lines.length > 0 && lines.every((line) => /^tar: .*: file changed as we read it$/.test(line));
}

async function* limited(source: AsyncIterable<Buffer>, rate: Rate): AsyncGenerator<Buffer> {
  for await (const piece of source) {
    await rate.take(piece.length);
    yield piece;
  }
}
