import { until } from '../fleet/until.js';
import { type SessionLine, sessionTable } from './session-table.js';

const isLeash = ({ args }: SessionLine): boolean => args.startsWith('sh -c me=$$;');

/** The leashes among a fleet's or an account's processes; other tests have their own. */
export async function leashes(
  ours: readonly number[],
): Promise<{ readonly all: number[]; readonly waiting: number[] }> {
  const table = await sessionTable();
  const found = table.filter((line) => isLeash(line) && ours.includes(line.pid));
  const pids = new Set(found.map(({ pid }) => pid));
  // Each has a child that counts the silence, of the same words, and at work a child for ps.
  const all = found.filter(({ ppid }) => !pids.has(ppid)).map(({ pid }) => pid);
  const children = (pid: number): SessionLine[] => table.filter(({ ppid }) => ppid === pid);
  const waiting = all.filter((pid) => {
    const [watch, ...others] = children(pid);
    return watch !== undefined && others.length === 0 && children(watch.pid).length === 1;
  });
  return { all, waiting };
}

/** Waits until so many leashes are armed: each waits for a word from us while its child sleeps. */
export async function seeLeashes(count: number, ours: () => Promise<readonly number[]>): Promise<void> {
  let before = '';
  await until(
    async () => {
      const { all, waiting } = await leashes(await ours());
      const same = waiting.join() === before && all.length === waiting.length;
      before = waiting.join();
      return same && waiting.length === count;
    },
    { deadlineMs: 20_000, what: `${count} leashes` },
  );
}
