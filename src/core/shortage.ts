/**
 * What this process itself is short of, where an error comes from that: it says nothing of a host or a master.
 * @returns null: it comes from something else
 */
export function shortage(error: unknown): string | null {
  let at: unknown = error;
  for (let depth = 0; at instanceof Error && depth < 10; depth += 1) {
    const { code } = at as { readonly code?: unknown };
    // Node's message alone has it where the user's name is looked up.
    if (code === 'EMFILE' || code === 'ENFILE' || /\bE[MN]FILE\b/.test(at.message)) {
      return 'pssh-ts may open no more files; raise the limit (ulimit -n) or lower --fanout';
    }
    at = at.cause;
  }
  return null;
}
