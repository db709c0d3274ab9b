import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import type { Exit } from '../core/channel.js';
import { PsshError } from '../core/errors.js';
import type { Pty } from '../core/options.js';
import type { Master, MasterPool } from '../master/pool.js';
import { makeLog } from '../master/ssh-log.js';
import { sessionArgs } from '../ssh/argv.js';
import { sessionEnd } from '../ssh/diagnose.js';
import { type SshProcess, spawnSsh } from '../ssh/spawn.js';
import { type Channel, type Connection, LOST, type OpenOptions, type Transport } from './transport.js';
import { type Watched, watchMaster } from './watch.js';

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

/**
 * Over a master, an ssh without a terminal of its own asks for one of no size and with every mode off; a login of
 * its own would leave both to the server. What is typed before stty has run is read as it came: a ^D is no end then.
 */
function withTerminal(command: string, { columns, rows, bare }: Pty): string {
  return bare ? command : `stty sane ixon -brkint -imaxbel 38400 rows ${rows} cols ${columns}\n${command}`;
}

class ProcessConnection implements Connection, Watched {
  readonly kind = 'process';
  private readonly running = new Set<SshProcess>();
  private readonly stopWatching: () => void;
  /** Why all was given up. */
  private given: string | null = null;

  constructor(
    private readonly master: Master,
    private readonly pool: MasterPool,
  ) {
    this.stopWatching = watchMaster(this, master.controlPath);
  }

  get poisoned(): boolean {
    return this.given !== null;
  }

  get busy(): boolean {
    return this.running.size > 0;
  }

  /** What the host sends passes by us. */
  heard(): boolean {
    return false;
  }

  /** An ssh waits for a stopped master for ever. */
  fail(_code: 'ERR_MASTER', reason: string): void {
    this.given = reason;
    this.endAll();
  }

  async open(command: string, options: OpenOptions): Promise<Channel> {
    const { master, pool } = this;
    const { target, connection, controlPath } = master;
    const logPath = pool.newLogPath();
    await makeLog(logPath);
    const { pty } = options;
    const text = pty === undefined ? command : withTerminal(command, pty);
    const tty = pty !== undefined;
    const args = sessionArgs({ target, connection, controlPath, logPath, command: text, tty });
    const stdin = options.stdin === 'none' ? 'ignore' : 'pipe';
    let ssh: SshProcess;
    try {
      ssh = await spawnSsh(args, { stdin, output: 'pipe', ...(tty ? { term: pty.term } : {}) });
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
    // With a terminal there is no other output than its; ssh itself says there that it closes.
    if (tty) ssh.stderr?.resume().on('error', () => undefined);
    return {
      stdin: ssh.stdin,
      stdout: ssh.stdout ?? Readable.from([]),
      stderr: tty ? Readable.from([]) : (ssh.stderr ?? Readable.from([])),
      exited,
      close: () => ssh.kill('SIGKILL'),
    };
  }

  async close(): Promise<void> {
    this.stopWatching();
    this.endAll();
  }

  private endAll(): void {
    for (const ssh of this.running) ssh.kill('SIGKILL');
  }

  private async readEnd(log: string, signal: string | null): Promise<Exit> {
    const end = sessionEnd(log);
    const target = this.master.target.label;
    if (end.kind === 'status') return { status: end.status };
    if (this.given !== null) throw new PsshError('ERR_DISCONNECTED', `${LOST} (${this.given})`, { target });
    switch (end.kind) {
      case 'refused':
        throw new PsshError('ERR_CHANNEL_OPEN', end.reason, { target });
      case 'unknown':
        throw new PsshError(
          'ERR_DISCONNECTED',
          `ssh's log in ${path.dirname(this.master.controlPath)} does not say how the command ended (is the disk full?)`,
          { target },
        );
      case 'no-status':
        if (signal !== null) {
          throw new PsshError(
            'ERR_DISCONNECTED',
            `the local ssh was killed by ${signal} while the command ran`,
            { target },
          );
        }
        if (await this.pool.isAlive(this.master)) return { signal: null };
        throw new PsshError('ERR_DISCONNECTED', LOST, { target });
    }
  }
}
