import type { Command } from 'commander';
import { usageError } from '../core/errors.js';
import { nearest } from '../core/nearest.js';
import { show } from '../core/show.js';
import { completeTree } from './command-tree.js';
import type { Io } from './io.js';

/** What a command is given, and how it tells the exit code. */
export interface CommandContext {
  readonly io: Io;
  readonly done: (code: number) => void;
}

/** For a command that does nothing by itself: says which words can follow. */
export function commandRequired(command: Command): void {
  command.allowExcessArguments().action(() => {
    completeTree(command);
    const names = command.commands.map((child) => child.name());
    const path = command.parent === null ? '' : `${command.name()}: `;
    const [word] = command.args;
    const help = `one of: ${names.join(', ')} (see ${command.parent === null ? 'pssh-ts' : `pssh-ts ${command.name()}`} --help)`;
    if (word === undefined) throw usageError(`${path}no command given; ${help}`);
    const near = nearest(word, names)[0];
    throw usageError(
      `${path}unknown command ${show(word)}; ${near === undefined ? help : `did you mean ${near}?`}`,
    );
  });
}
