import type { CheckResult } from '../../core/check.js';
import type { ConnectionOptions } from '../../core/options.js';
import type { Target } from '../../core/target.js';
import { openPool } from '../../master/open-pool.js';
import { atOnce } from '../at-once.js';
import { checkHost } from './check-host.js';

export interface CheckOptions {
  readonly connection: ConnectionOptions;
  readonly fanout: number;
  readonly tools: readonly string[];
  readonly toolsAsked: boolean;
  readonly sudo: boolean;
  readonly signal: AbortSignal;
  readonly onNote: (note: string) => void;
}

/**
 * Checks each target by a login of its own, whatever master lives: one that stands proves nothing of the next login.
 * Jump hosts get one new login for all hosts behind them. Nothing stays open.
 * @throws PsshError ERR_SSH_SPAWN, ERR_MASTER, ERR_INVENTORY
 */
export async function checkHosts(targets: readonly Target[], options: CheckOptions): Promise<CheckResult[]> {
  // Where ssh jumped by itself it might take a live master of the user's.
  const connection = { ...options.connection, ownMasters: true, jumpMaster: true, persistMs: 0 };
  const logs = new Map<Target, string>();
  const pool = await openPool(connection, options.onNote, (target, log) => void logs.set(target, log));
  const logOf = (target: Target): string => logs.get(target) ?? '';
  try {
    return await atOnce(targets, options.fanout, (target) => checkHost(target, { ...options, pool, logOf }));
  } finally {
    await pool.close();
  }
}
