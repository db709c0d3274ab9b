/**
 * One signal that is aborted with the first of several. AbortSignal.any keeps what it made for as long as its sources
 * live, and ours live as long as a machine; this one lets go of them.
 */
export function linkSignals(sources: readonly (AbortSignal | undefined)[]): {
  readonly signal: AbortSignal;
  readonly abort: (reason?: unknown) => void;
  readonly dispose: () => void;
} {
  const controller = new AbortController();
  const links = sources.flatMap((source) => {
    if (source === undefined) return [];
    const forward = (): void => controller.abort(source.reason);
    if (source.aborted) forward();
    source.addEventListener('abort', forward, { once: true });
    return [() => source.removeEventListener('abort', forward)];
  });
  return {
    signal: controller.signal,
    abort: (reason) => controller.abort(reason),
    dispose: () => {
      for (const unlink of links) unlink();
    },
  };
}
