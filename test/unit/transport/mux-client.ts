import { CONNECTION_DEFAULTS } from '../../../src/core/options.js';
import type { Master, MasterPool } from '../../../src/master/pool.js';
import { createMuxTransport, type MuxOptions } from '../../../src/transport/mux.js';
import type { Connection } from '../../../src/transport/transport.js';
import { makeTarget } from '../make.js';

export function makeMaster(controlPath: string, rest: Partial<Master> = {}): Master {
  return {
    target: makeTarget('web1'),
    connection: CONNECTION_DEFAULTS,
    controlPath,
    pid: 999_999_999,
    address: null,
    session: { forwards: false, sendEnv: [], setEnv: [] },
    sessionCap: null,
    users: false,
    ...rest,
  };
}

/** Of the pool the transport only wants to know whether it is the same, and tells it what it learns. */
export const somePool = (): MasterPool => ({ learnCap: () => undefined }) as unknown as MasterPool;

export const NEVER = new AbortController().signal;

export function connectTo(controlPath: string, options: Partial<MuxOptions> = {}): Promise<Connection> {
  return createMuxTransport(options).connect(makeMaster(controlPath), somePool(), NEVER);
}
