import { chmodSync, renameSync, unlinkSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import path from 'node:path';
import { newOwnerId } from './names.js';
import { folderFault } from './ssh-log.js';

const ANSWER_DEADLINE_MS = 2_000;

/** This process, as other pssh-ts processes see it: a socket that listens for as long as we live. */
export class Owner {
  private constructor(
    readonly id: string,
    private readonly folder: string,
    private readonly server: Server,
  ) {}

  static async open(folder: string): Promise<Owner> {
    const id = newOwnerId();
    const server = createServer((socket) => {
      socket.on('error', () => socket.destroy());
      socket.end(`${process.pid}\n`, () => socket.destroy());
    });
    // Under its name only once it listens: a name that refuses a connection means a dead owner.
    const early = path.join(folder, `o.${id}.new`);
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(early, resolve);
      });
      chmodSync(early, 0o600);
      renameSync(early, path.join(folder, `o.${id}`));
    } catch (error) {
      server.close();
      throw folderFault(folder, error);
    }
    server.unref();
    return new Owner(id, folder, server);
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
    try {
      unlinkSync(path.join(this.folder, `o.${this.id}`));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
}

/** The process id of a live owner; null when it is dead. One that can't be asked counts as alive (pid 0). */
export function ownerPid(folder: string, owner: string): Promise<number | null> {
  return new Promise((resolve) => {
    const socket = connect(path.join(folder, `o.${owner}`));
    let text = '';
    const finish = (pid: number | null): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(pid);
    };
    const timer = setTimeout(() => finish(0), ANSWER_DEADLINE_MS);
    socket.on('error', (error: NodeJS.ErrnoException) => {
      finish(error.code === 'ENOENT' || error.code === 'ECONNREFUSED' ? null : 0);
    });
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1').slice(0, 20);
    });
    socket.on('close', () => finish(Number.parseInt(text, 10) || 0));
  });
}
