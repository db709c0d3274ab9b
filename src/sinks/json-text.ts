import { isUtf8 } from 'node:buffer';
import type { Output } from '../core/output.js';
import type { Target } from '../core/target.js';
import { targetName } from '../core/target.js';
import { isUtf8Output } from './utf8.js';

export type Encoding = 'utf8' | 'base64';

/** Text as it is; bytes that are no UTF-8 as base64. */
export const encodingOf = (output: Output): Encoding => (isUtf8Output(output) ? 'utf8' : 'base64');

/** The inside of a JSON string, in pieces: outputs may be longer than the longest string. */
export function* jsonStringPieces(output: Output, encoding: Encoding): Generator<string> {
  yield* encoding === 'utf8' ? textPieces(output) : base64Pieces(output);
}

/** Bytes at hand as a JSON value and what it is encoded in. */
export function jsonBytes(bytes: Uint8Array): { readonly data: string; readonly encoding: Encoding } {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const encoding = isUtf8(bytes) ? 'utf8' : 'base64';
  return { data: buffer.toString(encoding), encoding };
}

/** How every document names a host; null: it is about none. */
export function jsonTarget(target: Target | null): Record<string, unknown> {
  if (target === null) return { host: null, user: null, port: null, index: null };
  return {
    host: targetName(target),
    user: target.user ?? null,
    port: target.port ?? null,
    index: target.index,
  };
}

function* textPieces(output: Output): Generator<string> {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  for (const piece of output.pieces())
    yield JSON.stringify(decoder.decode(piece, { stream: true })).slice(1, -1);
}

// Three bytes are four characters: what is left of a piece goes before the next, so that no padding stands between.
function* base64Pieces(output: Output): Generator<string> {
  let carried: Buffer = Buffer.alloc(0);
  for (const piece of output.pieces()) {
    const joined = Buffer.concat([carried, piece]);
    const whole = joined.length - (joined.length % 3);
    yield joined.toString('base64', 0, whole);
    carried = joined.subarray(whole);
  }
  yield carried.toString('base64');
}
