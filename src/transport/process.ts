import { readFile, rm, writeFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import type { Exit } from '../core/channel.js';
import { PsshError } from '../core/errors.js';
import type { Master, MasterPool } from '../master/pool.js';
import { sessionArgs } from '../ssh/argv.js';
import { sessionEnd } from '../ssh/diagnose.js';
import { type SshProcess, spawnSsh } from '../ssh/spawn.js';
import type { Channel, Connection, OpenOptions, Transport } from './transport.js';

/** `ssh -S`: a process of the system's ssh for each command, over a live master. */
export const processTransport: Transport = {
  kind: 'process',
  connect: async (master, pool, signal) => {
    signal.throwIfAborted();
    // Of a dead one ssh would only say that it can't log in.
    await pool.ask(master);
    return new ProcessConnection(master, pool);
  },
};

class ProcessConnection implements Connection {
  readonly kind = 'process';
  private readonly running = new Set<SshProcess>();

  constructor(
    private readonly master: Master,
    private readonly pool: MasterPool,
  ) {}

  async open(command: string, options: OpenOptions): Promise<Channel> {
    const { master, pool } = this;
    const { target, connection, controlPath } = master;
    const logPath = pool.newLogPath();
    await writeFile(logPath, '', { mode: 0o600 });
    const args = sessionArgs({ target, connection, controlPath, logPath, command });
    const stdin = options.stdin === 'none' ? 'ignore' : 'pipe';
    let ssh: SshProcess;
    try {
      ssh = await spawnSsh(args, { stdin, output: 'pipe' });
    } catch (error) {
      await rm(logPath, { force: true });
      throw error;
    }
    this.running.add(ssh);
    // The remote may stop reading at any moment: EPIPE here says nothing about how the command ends.
    ssh.stdin?.on('error', () => undefined);
    const exited = ssh.exited.then(async ({ signal }): Promise<Exit> => {
      this.running.delete(ssh);
      const log = await readFile(logPath, 'latin1').catch(() => '');
      await rm(logPath, { force: true });
      return this.readEnd(log, signal);
    });
    // Whoever opened the channel awaits it; until then a failure must not count as unhandled.
    exited.catch(() => undefined);
    return {
      stdin: ssh.stdin,
      stdout: ssh.stdout ?? Readable.from([]),
      stderr: ssh.stderr ?? Readable.from([]),
      exited,
      close: () => ssh.kill('SIGKILL'),
    };
  }

  async close(): Promise<void> {
    for (const ssh of this.running) ssh.kill('SIGKILL');
  }

  private async readEnd(log: string, signal: string | null): Promise<Exit> {
    const end = sessionEnd(log);
    const target = this.master.target.label;
    switch (end.kind) {
      case 'status':
        return { status: end.status };
      case 'refused':
        throw new PsshError('ERR_CHANNEL_OPEN', end.reason, { target });
      case 'unknown':
        throw new PsshError('ERR_DISCONNECTED', "ssh's log does not say how the command ended", { target });
      case 'no-status':
        if (signal !== null) {
          throw new PsshError(
            'ERR_DISCONNECTED',
            `the local ssh was killed by ${signal} while the command ran`,
            { target },
          );
        }
        if (await this.pool.isAlive(this.master)) return { signal: null };
        throw new PsshError('ERR_DISCONNECTED', 'the connection was lost while the command ran', { target });
    }
  }
}
