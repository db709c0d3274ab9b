import { spawn } from 'node:child_process';

export interface RunOptions {
  /** Ends the command and all it started: TERM, and KILL ten seconds later. */
  readonly signal?: AbortSignal;
  readonly deadlineMs: number;
  readonly env?: NodeJS.ProcessEnv;
  /** Its output goes to our terminal as it comes, and not into the result. @default false */
  readonly isShown?: boolean;
}

export interface CommandEnd {
  /** null: ended by a signal, or not to be started. */
  readonly code: number | null;
  readonly stdout: string;
  /** What could not be started says so here too. */
  readonly stderr: string;
}

const KILL_AFTER_MS = 10_000;

/** Runs a command to its end, whatever that is: a failure is data, not an exception. */
export function runCommand(argv: readonly string[], options: RunOptions): Promise<CommandEnd> {
  const [program = '', ...args] = argv;
  const deadline = AbortSignal.timeout(options.deadlineMs);
  const signal = options.signal ? AbortSignal.any([options.signal, deadline]) : deadline;
  return new Promise((resolve) => {
    // In a session of its own: the terminal's ^C reaches us alone, and we decide what it ends. The taking down it
    // must not end.
    const child = spawn(program, args, {
      detached: true,
      env: options.env ?? process.env,
      stdio: ['ignore', options.isShown ? 'inherit' : 'pipe', options.isShown ? 'inherit' : 'pipe'],
    });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout?.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk));

    const kill = (name: NodeJS.Signals) => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, name);
      } catch {
        // All have ended.
      }
    };
    let killTimer: NodeJS.Timeout | undefined;
    const onAbort = () => {
      kill('SIGTERM');
      killTimer = setTimeout(() => kill('SIGKILL'), KILL_AFTER_MS);
    };
    const end = (code: number | null, more = '') => {
      clearTimeout(killTimer);
      signal.removeEventListener('abort', onAbort);
      resolve({ code, stdout: `${Buffer.concat(stdout)}`, stderr: `${Buffer.concat(stderr)}${more}` });
    };
    child.once('error', (error: NodeJS.ErrnoException) =>
      end(null, error.code === 'ENOENT' ? 'not found' : error.message),
    );
    child.once('close', (code) =>
      end(code, deadline.aborted ? `gave up after ${options.deadlineMs} ms` : ''),
    );
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
}
