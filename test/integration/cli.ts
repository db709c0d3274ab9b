import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export const BIN = fileURLToPath(new URL('../../dist/bin.cjs', import.meta.url));

export interface CliResult {
  readonly code: number | null;
  readonly stdout: Buffer;
  readonly out: string;
  readonly err: string;
  readonly durationMs: number;
}

export interface CliOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly input?: Uint8Array | string;
  /** Its stdin stays open, also after the input. */
  readonly holdInput?: boolean;
  readonly cwd?: string;
  /** The whole run must end by then. @default 60 s */
  readonly deadlineMs?: number;
  /** Told of the process as soon as it runs: to signal it. */
  readonly onStart?: (pid: number) => void;
  /** Told of each piece of stdout as it comes. */
  readonly onOutput?: (piece: string) => void;
}

/** Runs the built command line as a person would, as a process of its own. */
export function runCli(args: readonly string[], options: CliOptions): Promise<CliResult> {
  return runProgram(process.execPath, [BIN, ...args], options);
}

/** The same for any program: a shell that redirects, say. */
export function runProgram(
  program: string,
  args: readonly string[],
  options: CliOptions,
): Promise<CliResult> {
  return new Promise((resolve, reject) => {
    const started = performance.now();
    const child = spawn(program, args, { env: options.env, cwd: options.cwd });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`${program} ${args.join(' ')} did not end; stderr: ${Buffer.concat(stderr)}`));
    }, options.deadlineMs ?? 60_000);
    child.stdout.on('data', (chunk: Buffer) => {
      stdout.push(chunk);
      options.onOutput?.(chunk.toString());
    });
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    // A run that fails early does not read its input.
    child.stdin.on('error', () => undefined);
    child.stdin.write(options.input ?? '');
    if (options.holdInput !== true) child.stdin.end();
    child.once('error', reject);
    child.once('spawn', () => options.onStart?.(child.pid ?? 0));
    child.once('close', (code) => {
      clearTimeout(timer);
      const bytes = Buffer.concat(stdout);
      resolve({
        code,
        stdout: bytes,
        out: bytes.toString(),
        err: Buffer.concat(stderr).toString(),
        durationMs: performance.now() - started,
      });
    });
  });
}

/** The one document that `--json` prints. */
export interface RunDocument {
  readonly schema: string;
  readonly exitCode: number;
  readonly command: string | null;
  readonly summary: Readonly<Record<string, number>>;
  readonly results: readonly {
    readonly host: string;
    readonly index: number;
    readonly step: number;
    readonly command: string;
    readonly status: string;
    readonly exitCode: number | null;
    readonly signal: string | null;
    readonly killed: string | null;
    readonly attempts: number;
    readonly stdout: string;
    readonly stderr: string;
    readonly stdoutEncoding: 'utf8' | 'base64';
    readonly truncated: boolean;
    readonly files?: readonly {
      readonly source: string;
      readonly dest: string;
      readonly bytes: number;
      readonly changed: boolean;
    }[];
    readonly error: { readonly code: string; readonly message: string } | null;
  }[];
}

export const parseRun = (result: CliResult): RunDocument => JSON.parse(result.out) as RunDocument;
