/** How a remote command ended: by itself, or by a signal whose name the transport may not learn. */
export type Exit = { readonly status: number } | { readonly signal: string | null };

/** The signals RFC 4254 section 6.10 names. */
export const SIGNAL_NAMES = [
  'ABRT',
  'ALRM',
  'FPE',
  'HUP',
  'ILL',
  'INT',
  'KILL',
  'PIPE',
  'QUIT',
  'SEGV',
  'TERM',
  'USR1',
  'USR2',
] as const;
