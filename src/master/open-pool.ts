import type { ConnectionOptions } from '../core/options.js';
import type { Target } from '../core/target.js';
import { readConfigState } from '../ssh/config-state.js';
import { MasterPool } from './pool.js';
import { openRuntimeDir } from './runtime-dir.js';

/**
 * The masters of this process, in this user's runtime folder.
 * @param onNote told why a better runtime folder was passed over
 * @param inspect makes every login a new one and is told its log, see PoolOptions
 * @throws PsshError ERR_MASTER, ERR_INVENTORY
 */
export async function openPool(
  connection: ConnectionOptions,
  onNote: (note: string) => void,
  inspect?: (target: Target, log: string) => void,
): Promise<MasterPool> {
  const configState = readConfigState(connection);
  const { path: folder, notes } = openRuntimeDir();
  for (const note of notes) onNote(note);
  return MasterPool.open({
    folder,
    connection,
    configState,
    ...(inspect === undefined ? {} : { inspect }),
  });
}
