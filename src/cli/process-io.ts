import type { InterruptName, Io } from './io.js';

const NAMES = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const satisfies readonly InterruptName[];

/** The real process. */
export const processIo: Io = {
  // Not before it is asked for: touching it makes the descriptor non-blocking, for our parent too.
  get stdin() {
    return process.stdin;
  },
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  onInterrupt: (handler) => {
    for (const name of NAMES) process.on(name, handler);
    return () => {
      for (const name of NAMES) process.off(name, handler);
    };
  },
  exitNow: (code) => process.exit(code),
};
