/**
 * What a command wrote to stdout or stderr, as far as it was kept. It may lie on disk: take it piece by piece
 * where it may be large.
 */
export interface Output {
  /** Bytes kept. */
  readonly length: number;
  /** All of it at once. */
  bytes(): Uint8Array;
  /** All of it as text; what is no UTF-8 becomes U+FFFD. */
  text(): string;
  /** One piece after another, each fetched when it is asked for. */
  pieces(): Iterable<Uint8Array>;
}

/** A piece of kept output, wherever it lies. */
export interface Block {
  readonly length: number;
  read(): Uint8Array;
  /** It is not needed any more; its place may be used again. */
  release(): void;
}

/** Where kept output lies. */
export interface BlockStore {
  /**
   * @param block at most {@link BLOCK_SIZE} bytes; it becomes the store's
   * @returns null: it can't be kept (the disk is full)
   */
  put(block: Uint8Array): Block | null;
}

export const BLOCK_SIZE = 64 * 1024;

/** Keeps all in memory. */
export const memoryStore: BlockStore = {
  put: (block) => ({ length: block.length, read: () => block, release: () => undefined }),
};

/** Bytes that are at hand, as Output. */
export function outputOf(bytes: Uint8Array): Output {
  return {
    length: bytes.length,
    bytes: () => bytes,
    text: () => new TextDecoder().decode(bytes),
    pieces: () => (bytes.length === 0 ? [] : [bytes]),
  };
}

export const NO_OUTPUT: Output = outputOf(new Uint8Array(0));
