import pMap from 'p-map';
import { PsshError } from '../core/errors.js';
import type { ConnectionOptions } from '../core/options.js';
import type { Target } from '../core/target.js';
import { type ResolvedConfig, resolveConfig } from '../ssh/resolve.js';

/** `ssh -G` for each target, at most `fanout` at once; where ssh refuses, its words. */
export function resolveAll(
  targets: readonly Target[],
  connection: ConnectionOptions,
  fanout: number,
): Promise<(ResolvedConfig | { readonly error: string })[]> {
  const ask = (target: Target) =>
    resolveConfig(target, connection).catch((error: unknown) => {
      if (error instanceof PsshError && error.code === 'ERR_CONNECT') return { error: error.message };
      throw error;
    });
  return pMap(targets, ask, { concurrency: fanout });
}
