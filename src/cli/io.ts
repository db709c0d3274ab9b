import type { Readable, Writable } from 'node:stream';

export type InterruptName = 'SIGINT' | 'SIGTERM' | 'SIGHUP';

/** The world as the command line sees it; tests bring their own. */
export interface Io {
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Writable & { readonly isTTY?: boolean; readonly columns?: number; readonly rows?: number };
  readonly stderr: Writable & { readonly isTTY?: boolean; readonly columns?: number };
  readonly env: NodeJS.ProcessEnv;
  /** @returns stops listening */
  onInterrupt(handler: (name: InterruptName) => void): () => void;
  /** The third ^C: leave at once. */
  exitNow(code: number): void;
}
