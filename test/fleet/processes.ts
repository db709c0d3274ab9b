import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { promisify } from 'node:util';
import { until } from './until.js';

const execFileAsync = promisify(execFile);

export interface ProcessLine {
  readonly pid: number;
  readonly ppid: number;
  readonly args: string;
}

/** All living processes. Zombies are left out: where pid 1 never reaps they stay for ever, and run nothing. */
export async function listProcesses(): Promise<ProcessLine[]> {
  const ps = ['-A', '-ww', '-o', 'pid=', '-o', 'ppid=', '-o', 'stat=', '-o', 'args='];
  const running = execFileAsync('ps', ps, { maxBuffer: 64 * 2 ** 20 });
  const { stdout } = await running;
  return stdout.split('\n').flatMap((line) => {
    const [, pid, ppid, stat, args] = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line) ?? [];
    if (!pid || !ppid || !stat || args === undefined || stat.startsWith('Z')) return [];
    return Number(pid) === running.child.pid ? [] : [{ pid: Number(pid), ppid: Number(ppid), args }];
  });
}

/**
 * Processes that sessions of a fleet started, whoever adopted them since: the server put FLEET_ID into their
 * environment. Linux only, elsewhere none are found.
 */
export async function sessionProcesses(fleetId: string, host?: string): Promise<number[]> {
  const wanted = [`FLEET_ID=${fleetId}`, ...(host === undefined ? [] : [`FLEET_HOST=${host}`])];
  const names = await readdir('/proc').catch(() => []);
  const pids = names.filter((name) => /^\d+$/.test(name)).map(Number);
  return pids.filter((pid) => {
    if (pid === process.pid) return false;
    const environ = environmentOf(pid).split('\0');
    return wanted.every((pair) => environ.includes(pair));
  });
}

/** What a process was started with. Nothing on disk is read: to wait for each would cost many times the reading. */
function environmentOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1');
  } catch {
    // Another user's process, or one that has just ended, is not readable; a zombie's environment is empty.
    return '';
  }
}

function withDescendants(processes: readonly ProcessLine[], roots: Iterable<number>): Set<number> {
  const children = new Map<number, number[]>();
  for (const { pid, ppid } of processes) children.set(ppid, [...(children.get(ppid) ?? []), pid]);
  const alive = new Set(processes.map(({ pid }) => pid));
  const family = new Set([...roots].filter((pid) => alive.has(pid)));
  // A Set is iterated in the order of insertion, and what is added on the way comes along.
  for (const pid of family) for (const child of children.get(pid) ?? []) family.add(child);
  return family;
}

export function signalQuietly(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended meanwhile.
  }
}

/**
 * Ends processes with all their descendants, sessions of their own included, and waits until they are gone.
 * @param findRoots asked again on each round, as a session may be adopted by pid 1 in between
 */
export async function killTrees(findRoots: () => Promise<Iterable<number>>, what: string): Promise<void> {
  const round = async (): Promise<boolean> => {
    const family = new Set<number>();
    // Stopped first: a server killed while it forks would leave a child that nobody can find any more.
    for (let grew = true; grew; ) {
      const roots = new Set([...(await findRoots()), ...family]);
      const found = withDescendants(await listProcesses(), roots);
      grew = false;
      for (const pid of found) {
        if (family.has(pid) || pid === process.pid) continue;
        family.add(pid);
        signalQuietly(pid, 'SIGSTOP');
        grew = true;
      }
    }
    for (const pid of family) signalQuietly(pid, 'SIGKILL');
    return family.size === 0;
  };
  await until(round, { deadlineMs: 10_000, what: `the end of ${what}` });
}
