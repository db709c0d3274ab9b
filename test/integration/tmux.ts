import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ensureProgram } from '../fleet/ensure-program.js';
import { BIN } from './cli.js';

const run = promisify(execFile);
const quote = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;

/** pssh-ts on a terminal of its own, in a tmux server of its own. */
export class Terminal {
  private constructor(
    private readonly tmux: string,
    private readonly dir: string,
  ) {}

  /** @param env what pssh-ts sees, beside TERM */
  static open(args: readonly string[], env: NodeJS.ProcessEnv, columns: number): Promise<Terminal> {
    return Terminal.start([process.execPath, BIN, ...args], env, columns);
  }

  /** Any other program. */
  static async start(words: readonly string[], env: NodeJS.ProcessEnv, columns: number): Promise<Terminal> {
    const tmux = ensureProgram({ name: 'tmux', package: 'tmux' }, (line) => console.log(line));
    const dir = await mkdtemp(join(tmpdir(), 'pt-tmux-'));
    const terminal = new Terminal(tmux, dir);
    const variables = Object.entries(env).map(([name, value]) => `export ${name}=${quote(value ?? '')}`);
    const command = words.map(quote).join(' ');
    const script = join(dir, 'run.sh');
    // The shell outlives a ^C and keeps the screen, so that the end can be read.
    await writeFile(
      script,
      [...variables, "trap ' ' INT", command, 'echo "[exit $?]"', 'read -r _', ''].join('\n'),
    );
    await terminal.ask('new-session', '-d', '-x', String(columns), '-y', '24', `sh ${quote(script)}`);
    return terminal;
  }

  /** The lines on the screen, and before it, that are not empty. */
  async lines(): Promise<string[]> {
    const { stdout } = await this.ask('capture-pane', '-p', '-S', '-');
    return stdout.split('\n').filter((line) => line.trim() !== '');
  }

  /** With the escapes for colours. */
  async colored(): Promise<string> {
    return (await this.ask('capture-pane', '-p', '-e', '-S', '-')).stdout;
  }

  async resize(columns: number): Promise<void> {
    await this.ask('resize-window', '-x', String(columns));
  }

  async press(...keys: readonly string[]): Promise<void> {
    await this.ask('send-keys', ...keys);
  }

  /** Types text as it is. */
  async type(text: string): Promise<void> {
    await this.ask('send-keys', '-l', '--', text);
  }

  async close(): Promise<void> {
    await this.ask('kill-server').catch(() => undefined);
    await rm(this.dir, { recursive: true, force: true });
  }

  private ask(...args: readonly string[]): Promise<{ stdout: string }> {
    const env = { PATH: process.env.PATH, HOME: this.dir, LC_ALL: 'C.UTF-8' };
    return run(this.tmux, ['-S', join(this.dir, 'socket'), '-f', '/dev/null', ...args], { env });
  }
}
