import { execFile } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface SessionLine {
  readonly pid: number;
  readonly ppid: number;
  readonly sid: number;
  readonly args: string;
}

/** All living processes with their sessions; a zombie runs nothing and counts as dead. */
export async function sessionTable(): Promise<SessionLine[]> {
  const columns = ['pid=', 'ppid=', 'sid=', 'stat=', 'args='].flatMap((name) => ['-o', name]);
  const { stdout } = await run('ps', ['-A', '-ww', ...columns], { maxBuffer: 64 * 2 ** 20 });
  return stdout.split('\n').flatMap((line) => {
    const [, pid, ppid, sid, stat, args] = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line) ?? [];
    if (stat === undefined || args === undefined || stat.startsWith('Z')) return [];
    return [{ pid: Number(pid), ppid: Number(ppid), sid: Number(sid), args }];
  });
}

/** The processes of one account, whose name ps(1) may not show in full. */
export async function processesOf(user: string): Promise<number[]> {
  const { stdout } = await run('ps', ['-u', user, '-o', 'pid=']).catch(() => ({ stdout: '' }));
  return stdout.trim().split(/\s+/).map(Number);
}

/** Sleeps that nobody else on this machine sleeps: their number tells which test, row and host they belong to. */
export class Sleeps {
  // sleep(1) takes it for 2000 years or so.
  readonly #base = `6${randomInt(10_000, 99_999)}`;

  /** The text for a command: `sleep NUMBER`, a number for each host. */
  command(row: number): string {
    return `sleep ${this.#number(row)}$PSSH_NODENUM`;
  }

  /** Processes of the commands as they were begun, by row and host. */
  running(table: readonly SessionLine[], rows: readonly number[], nodes: number): SessionLine[] {
    const wanted = new Set(
      rows.flatMap((row) => Array.from({ length: nodes }, (_, node) => `sleep ${this.#number(row)}${node}`)),
    );
    return table.filter(({ args }) => wanted.has(args));
  }

  /** Anything that has to do with these sleeps: the shell that waits for one, the ssh that asked for it. */
  mentioned(table: readonly SessionLine[]): SessionLine[] {
    return table.filter(({ args }) => args.includes(this.#base));
  }

  #number(row: number): string {
    return `${this.#base}${String(row).padStart(2, '0')}`;
  }
}
