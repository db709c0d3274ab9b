import { Readable } from 'node:stream';
import type { InterruptName, Io } from '../../../src/cli/io.js';
import { main } from '../../../src/cli/main.js';
import { Memory } from '../make.js';

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** The command line with streams of its own; it touches nothing of this process. */
export async function run(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ran> {
  const [stdout, stderr] = [new Memory(), new Memory()];
  const handlers = new Set<(name: InterruptName) => void>();
  const io: Io = {
    stdin: Readable.from([]),
    stdout,
    stderr,
    env,
    onInterrupt: (handler) => {
      handlers.add(handler);
      return () => handlers.delete(handler);
    },
    exitNow: (code) => {
      throw new Error(`exitNow(${code})`);
    },
  };
  const code = await main(args, io);
  if (handlers.size > 0) throw new Error('a handler of signals was left behind');
  return { code, out: stdout.text, err: stderr.text };
}
