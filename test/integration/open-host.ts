import { mkdir, mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { CONNECTION_DEFAULTS, type ConnectionOptions } from '../../src/core/options.js';
import { type Lease, MasterPool } from '../../src/master/pool.js';
import { readConfigState } from '../../src/ssh/config-state.js';
import type { Channel, Connection, Transport } from '../../src/transport/transport.js';
import type { Fleet } from '../fleet/fleet.js';

export const NEVER = new AbortController().signal;

/** A master and a connection over it, as run-host has them, inside this process. */
export interface OpenHost {
  readonly pool: MasterPool;
  readonly lease: Lease;
  readonly connection: Connection;
  end(): Promise<void>;
}

export async function openHost(
  fleet: Fleet,
  name: string,
  transport: Transport,
  persistMs = 0,
): Promise<OpenHost> {
  const connection: ConnectionOptions = { ...CONNECTION_DEFAULTS, sshConfig: fleet.configPath, persistMs };
  const folder = await mkdtemp(join(fleet.dir, 'run', 'p'));
  await mkdir(folder, { recursive: true });
  const pool = await MasterPool.open({ folder, connection, configState: readConfigState(connection) });
  const lease = await pool.acquire({ host: name, label: name, index: 0, vars: {} }, NEVER, () => undefined);
  const open = await transport.connect(lease.master, pool, NEVER);
  return {
    pool,
    lease,
    connection: open,
    end: async () => {
      await open.close();
      if (open.poisoned === true) lease.retire();
      await lease.release();
      await pool.close();
    },
  };
}

export interface Outcome {
  readonly exit: { readonly status: number } | { readonly signal: string | null };
  readonly stdout: Buffer;
  readonly stderr: Buffer;
}

/** Runs one command to its end and keeps what it says. */
export async function runOn(connection: Connection, command: string, input?: Uint8Array): Promise<Outcome> {
  const channel = await connection.open(command, { stdin: input === undefined ? 'none' : 'pipe' });
  channel.stdin?.end(input);
  return finishOf(channel);
}

export async function finishOf(channel: Channel): Promise<Outcome> {
  const [stdout, stderr, exit] = await Promise.all([
    channel.stdout.toArray(),
    channel.stderr.toArray(),
    channel.exited,
  ]);
  return { exit, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr) };
}
