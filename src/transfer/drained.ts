/** Node's streams, and those of tar-stream. */
interface Drains {
  readonly destroyed: boolean;
  on(event: 'drain' | 'close' | 'error', listener: () => void): unknown;
  off(event: 'drain' | 'close' | 'error', listener: () => void): unknown;
}

const ENDS = ['drain', 'close', 'error'] as const;

/** Waits until a stream that is full takes more, or takes nothing any more. */
export function drained(stream: Drains): Promise<void> {
  if (stream.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    const go = (): void => {
      for (const event of ENDS) stream.off(event, go);
      resolve();
    };
    for (const event of ENDS) stream.on(event, go);
  });
}
