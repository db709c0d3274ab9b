import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { ensureProgram } from '../fleet/ensure-program.js';
import { until } from '../fleet/until.js';

/** A program on a terminal of its own (tmux), typed at and looked at as a person would. */
export interface Terminal {
  /** Types a text and Enter. */
  type(text: string): void;
  /** A key as tmux names it: `C-c`. */
  press(key: string): void;
  /** What stands on the screen. */
  screen(): string;
  waitFor(text: RegExp): Promise<string>;
  end(): void;
}

const quote = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;

/** The exit code is shown as `ended CODE` once the program is over. */
export function startTerminal(args: readonly string[], env: NodeJS.ProcessEnv): Terminal {
  const program = ensureProgram({ name: 'tmux', package: 'tmux' });
  const socket = `pt${randomBytes(4).toString('hex')}`;
  const tmux = (...words: readonly string[]): string =>
    execFileSync(program, ['-L', socket, '-f', '/dev/null', ...words], { env, encoding: 'utf8' });
  // ^C is for the program; the shell that tells its end stays.
  const command = `trap : INT; ${args.map(quote).join(' ')}; echo ended $?; exec cat`;
  tmux('new-session', '-d', '-x', '160', '-y', '50', 'sh', '-c', command);
  const screen = (): string => tmux('capture-pane', '-p', '-J');
  return {
    type: (text) => {
      tmux('send-keys', '-l', text);
      tmux('send-keys', 'Enter');
    },
    press: (key) => void tmux('send-keys', key),
    screen,
    waitFor: async (text) => {
      let seen = '';
      await until(
        () => {
          seen = screen();
          return text.test(seen);
        },
        { deadlineMs: 30_000, everyMs: 50, what: `${text} on the terminal` },
      ).catch((error: Error) => {
        throw new Error(`${error.message}; it shows:\n${seen}`);
      });
      return seen;
    },
    end: () => void tmux('kill-server'),
  };
}
