import type { Command } from 'commander';
import { usageError } from '../../core/errors.js';
import { EXIT } from '../../core/exit-code.js';
import { nearest } from '../../core/nearest.js';
import { show } from '../../core/show.js';
import type { CommandContext } from '../command-context.js';
import { COMPLETION_SHELLS, type CompletionShell } from '../completion/shells.js';

/** `completion SHELL`: prints the script that makes a shell ask us at a Tab. */
export function addCompletionCommand(program: Command, { io, done }: CommandContext): Command {
  return program
    .command('completion')
    .description('Print the completion script of a shell: options, hosts, groups, files.')
    .usage(COMPLETION_SHELLS.join('|'))
    .argument(`[${COMPLETION_SHELLS.join('|')}]`, 'the shell')
    .addHelpText(
      'after',
      `
bash   echo 'eval "$(pssh-ts completion bash)"' >> ~/.bashrc
zsh    echo 'eval "$(pssh-ts completion zsh)"' >> ~/.zshrc      (behind compinit)
fish   pssh-ts completion fish > ~/.config/fish/completions/pssh-ts.fish`,
    )
    .action(async (name: string | undefined) => {
      const shell = checkedShell(name);
      // Loaded when it is needed: every start reads this file.
      const { SCRIPTS } = await import('../completion/scripts.js');
      io.stdout.write(SCRIPTS[shell]);
      done(EXIT.ok);
    });
}

function checkedShell(name: string | undefined): CompletionShell {
  const known = COMPLETION_SHELLS.find((shell) => shell === name);
  if (known !== undefined) return known;
  const all = COMPLETION_SHELLS.join(', ');
  if (name === undefined) throw usageError(`completion: no shell is named; write one of ${all}`);
  const near = nearest(name, COMPLETION_SHELLS)[0];
  throw usageError(
    `completion: there is no script for ${show(name)}; ${near === undefined ? `write one of ${all}` : `did you mean ${near}?`}`,
  );
}
