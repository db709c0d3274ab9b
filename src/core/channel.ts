/** How a remote command ended: by itself, or by a signal whose name the transport may not learn. */
export type Exit = { readonly status: number } | { readonly signal: string | null };
