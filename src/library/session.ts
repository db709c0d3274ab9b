import { setMaxListeners } from 'node:events';
import type { ConnectionOptions } from '../core/options.js';
import { openPool } from '../master/open-pool.js';
import type { MasterPool } from '../master/pool.js';
import { chooseTransport } from '../transport/choose.js';
import type { Transport } from '../transport/transport.js';

/** The masters of one cluster, or of one machine by itself, from their first use on. */
export class Session {
  readonly transport: Transport;
  private readonly closing = new AbortController();
  private opening: Promise<MasterPool> | null = null;

  constructor(readonly connection: ConnectionOptions) {
    this.transport = chooseTransport(connection);
    setMaxListeners(0, this.closing.signal);
  }

  /** Aborted when it is closed. */
  get signal(): AbortSignal {
    return this.closing.signal;
  }

  /** @throws PsshError ERR_MASTER, ERR_INVENTORY */
  pool(): Promise<MasterPool> {
    if (this.opening === null) {
      const opening = openPool(this.connection, () => undefined);
      this.opening = opening;
      // A temp folder that is full now may have room later.
      opening.catch(() => {
        if (this.opening === opening) this.opening = null;
      });
    }
    return this.opening;
  }

  /** Everything that goes on is given up. */
  abort(reason: unknown): void {
    this.closing.abort(reason);
  }

  /** Once all that went on has ended. */
  async close(): Promise<void> {
    const pool = await this.opening?.catch(() => null);
    await pool?.close();
  }
}
