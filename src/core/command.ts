import { usageError } from './errors.js';
import { NO_COMMON_FORM, noCommonForm, quoteForShell } from './quote.js';
import { show } from './show.js';

// OpenSSH's server hands the command to the shell as one argument; Linux takes 128 KiB with the NUL for one.
export const LONGEST_COMMAND = 131_071;

export interface CommandFrame {
  /** Variables set before the command, in the command itself: no AcceptEnv is needed on the server. */
  readonly env: Readonly<Record<string, string>>;
  /** Folder to run in; a folder that does not exist ends the command with status 125. */
  readonly cwd?: string;
  /** Send the words alone. */
  readonly raw?: boolean;
}

/**
 * The text for the remote login shell: one line that sets the variables, then the user's words verbatim.
 * The `test` is true only in csh and tcsh and reads no variable (`set -u`).
 * @throws PsshError ERR_USAGE for a value that can't be sent or a command the server could not start
 */
export function frameCommand(words: string, frame: CommandFrame): string {
  const text = frame.raw === true ? words : [...frameLines(frame), words].join('\n');
  const bytes = Buffer.byteLength(text);
  if (bytes > LONGEST_COMMAND) {
    throw usageError(
      `the command is ${bytes} bytes long, a server takes ${LONGEST_COMMAND}; send it over stdin (-I exec sh)`,
    );
  }
  if (text.includes('\0')) throw usageError(`the command ${show(text)} holds a NUL byte`);
  return text;
}

/** What stands before the words. @throws PsshError ERR_USAGE for a value that can't be sent */
export function frameLines({ env, cwd }: CommandFrame): string[] {
  return [...environmentLines(env), ...folderLines(cwd)];
}

function environmentLines(env: Readonly<Record<string, string>>): string[] {
  const pairs = Object.entries(env).map(([name, value]) => {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
      throw usageError(`${show(name)} is no variable name; use letters, digits and _`);
    }
    // Without the value: it may be a secret.
    if (noCommonForm(value)) throw usageError(`the value of ${name} ${NO_COMMON_FORM}`);
    return [name, quoteForShell(value)] as const;
  });
  if (pairs.length === 0) return [];
  const csh = pairs.map(([name, value]) => `setenv ${name} ${value === '' ? "''" : value}`).join(' && ');
  const posix = pairs.map(([name, value]) => `${name}=${value}`).join(' ');
  return [String.raw`test 'x\!' = x\! -o "x\\" != x\\ && ${csh} || export ${posix}`];
}

// A failed `cd` runs on in tcsh, so the folder is tested first. With a `./` in front, because cd reads `-` and `+1`
// as folders it was in before, and looks for other relative names in CDPATH.
function folderLines(cwd: string | undefined): string[] {
  if (cwd === undefined) return [];
  if (cwd === '') throw usageError('--cwd is empty; name a folder of the host');
  const folder = cwd.startsWith('/') ? cwd : `./${cwd}`;
  const inside = quoteForShell(`${folder.replace(/\/+$/, '')}/.`, '--cwd');
  return [`test -x ${inside} || exec sh -c 'exit 125'`, `cd ${quoteForShell(folder, '--cwd')}`];
}

/** The words of the command line as ssh joins them, or (`--argv`) each as one word of the remote shell. */
export function joinWords(words: readonly string[], quoteEach: boolean): string {
  return quoteEach ? words.map((word) => quoteForShell(word, 'argument')).join(' ') : words.join(' ');
}
