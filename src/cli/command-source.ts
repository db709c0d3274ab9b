import { joinWords } from '../core/command.js';
import { usageError } from '../core/errors.js';
import { show } from '../core/show.js';
import { type Target, targetName } from '../core/target.js';
import { fillCommand, fillWord, type TemplateValues } from '../core/template.js';
import type { CommandWords } from '../run/plan.js';
import type { ExecOptions } from './commands/exec.js';
import { scriptSource } from './script-source.js';

/** Where the commands of a run come from. */
export interface CommandSource {
  /** As they were written, one a step. */
  readonly commands: readonly string[];
  /** The texts that may hold names in braces. */
  readonly templates: readonly string[];
  /** Where the command was made of them. */
  readonly words?: readonly string[];
  /** What a host gets. @param values null: there are no templates */
  wordsFor(target: Target, values: TemplateValues | null): readonly CommandWords[];
}

/** The commands that the words and options name. @throws PsshError ERR_USAGE */
export function commandSource(words: readonly string[], options: ExecOptions): CommandSource {
  if (options.script !== undefined) return scriptSource(options.script, words, options);
  if (options.command !== undefined) {
    if (words.length > 0)
      throw usageError(`a command stands after -c and as words (${show(words.join(' '))}); leave one out`);
    if (options.argv === true)
      throw usageError('--argv is for the words of a command, not for -c; leave one out');
    if (options.command.some((command) => command.trim() === ''))
      throw usageError('-c: the command is empty; write it after -c, or leave that -c out');
    return plainCommands(options.command);
  }
  const command = joinWords(words, options.argv === true);
  if (command.trim() === '')
    throw usageError('no command to run; write it after exec: pssh-ts -H web1 exec uptime');
  return options.argv === true ? quotedWords(words) : plainCommands([command]);
}

export function plainCommands(commands: readonly string[]): CommandSource {
  return {
    commands,
    templates: commands,
    wordsFor: (target, values) =>
      commands.map((command) => ({
        command: values === null ? command : fillCommand(command, values, targetName(target)),
      })),
  };
}

/** `--argv`: each word is filled in first, then quoted as a whole. */
function quotedWords(words: readonly string[]): CommandSource {
  return {
    commands: [joinWords(words, true)],
    templates: words,
    words,
    wordsFor: (target, values) => {
      const filled =
        values === null ? words : words.map((word) => fillWord(word, values, targetName(target)));
      return [{ command: joinWords(filled, true) }];
    },
  };
}
