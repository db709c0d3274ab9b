import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { usageError } from '../core/errors.js';
import { isPlainWord } from '../core/quote.js';
import { show } from '../core/show.js';
import { targetName } from '../core/target.js';
import { fillWord } from '../core/template.js';
import { type Script, scriptCommand } from '../run/script-command.js';
import { systemReason } from '../sinks/file-fault.js';
import type { CommandSource } from './command-source.js';
import type { ExecOptions } from './commands/exec.js';

/** `--script FILE`, the words being its arguments. @throws PsshError ERR_USAGE */
export function scriptSource(file: string, words: readonly string[], options: ExecOptions): CommandSource {
  if (options.command !== undefined)
    throw usageError('--script and -c are two things to run; leave one of them out');
  if (options.stdin === true)
    throw usageError('--script is sent as input itself, so -I has no place beside it; leave -I out');
  if (options.tty === true)
    throw usageError('--script is sent as input, which a terminal would change; leave --tty out');
  const script = readScript(file);
  const id = randomBytes(6).toString('hex');
  const shown = (args: readonly string[]): string =>
    [file, ...args].map((word) => (isPlainWord(word) ? word : show(word))).join(' ');
  return {
    commands: [shown(words)],
    templates: words,
    words,
    wordsFor: (target, values) => {
      const args = values === null ? words : words.map((word) => fillWord(word, values, targetName(target)));
      return [{ command: shown(args), words: scriptCommand(script, args, id), input: script.bytes }];
    },
  };
}

function readScript(file: string): Script {
  const bytes = readBytes(file);
  if (bytes.length === 0) throw usageError(`--script: ${show(file)} is empty; name a file with a script`);
  return { name: path.basename(file), bytes, interpreter: interpreterOf(bytes, file) };
}

function readBytes(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw usageError(
      `--script: ${show(file)} can't be read: ${systemReason(cause)}; name a file of ours`,
      cause,
    );
  }
}

/** As the system reads `#!`: a program, and all that follows as one argument. Without it sh, but not for a binary. */
function interpreterOf(bytes: Buffer, file: string): Script['interpreter'] {
  const end = bytes.indexOf(0x0a);
  const line = bytes.toString('latin1', 0, end === -1 ? bytes.length : end);
  if (line.startsWith('\u00ef\u00bb\u00bf#!'))
    throw usageError(`--script: ${show(file)} begins with a byte order mark, not with #!; save it without`);
  if (!line.startsWith('#!'))
    return bytes.subarray(0, 1024).includes(0) ? null : { program: 'sh', argument: '' };
  if (line.endsWith('\r'))
    throw usageError(
      `--script: the first line of ${show(file)} ends in a carriage return; save it with Unix line ends`,
    );
  const text = bytes.toString('utf8', 2, end === -1 ? bytes.length : end).trim();
  const [, program = '', argument = ''] = /^(\S+)\s*(.*)$/.exec(text) ?? [];
  if (program === '') throw usageError(`--script: ${show(file)} has no program behind #!; write #!/bin/sh`);
  return { program, argument };
}
