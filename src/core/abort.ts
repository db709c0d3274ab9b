type Listener = () => void;

const listeners = new WeakMap<AbortSignal, Set<Listener>>();

/**
 * Calls `listener` once when the signal is aborted, at once where it is already. A signal of a run is listened to
 * several times by each of its hosts: all share one real listener, as adding and removing those is dear.
 * @returns what takes the listener back
 */
export function onAbort(signal: AbortSignal | undefined, listener: Listener): () => void {
  if (signal === undefined) return nothing;
  if (signal.aborted) {
    listener();
    return nothing;
  }
  let mine = listeners.get(signal);
  if (mine === undefined) {
    const all = new Set<Listener>();
    signal.addEventListener('abort', () => call(all), { once: true });
    listeners.set(signal, all);
    mine = all;
  }
  const set = mine;
  // The same function may listen twice.
  const own = (): void => listener();
  set.add(own);
  return () => set.delete(own);
}

function call(all: Set<Listener>): void {
  for (const listener of [...all]) if (all.delete(listener)) listener();
}

const nothing = (): void => undefined;
