import type { Command } from 'commander';
import type { CommandContext } from '../command-context.js';
import { commandSource } from '../command-source.js';
import { configFileOf } from '../defaults.js';
import { addCommandOptions, addRunningOptions } from '../exec-options.js';
import { runExec } from '../exec-run.js';
import type { KeptOptions } from '../kept-options.js';
import type { RollingOptions } from '../rolling-options.js';
import { type ShardOptions, shardOption } from '../shard.js';
import {
  addConnectionOptions,
  addTargetOptions,
  mergedOptions,
  type SharedOptions,
} from '../shared-options.js';
import type { SplitOptions } from '../split-options.js';
import type { SudoOptions } from '../sudo-options.js';
import { resolveTargets } from '../targets.js';
import type { ViewOptions } from '../view-options.js';

export interface ExecOptions
  extends SharedOptions,
    ViewOptions,
    KeptOptions,
    RollingOptions,
    SplitOptions,
    ShardOptions,
    SudoOptions {
  readonly script?: string;
  readonly template?: boolean;
  readonly command?: readonly string[];
  readonly argv?: boolean;
  readonly raw?: boolean;
  readonly env?: readonly string[];
  readonly cwd?: string;
  readonly timeout?: string;
  readonly deadline?: string;
  readonly killGrace?: string;
  readonly onDisconnect?: string;
  readonly drain?: string;
  readonly stdin?: boolean;
  readonly tty?: boolean;
  readonly keepCommands?: boolean;
  readonly maxStatus?: boolean;
  readonly fetch?: readonly string[];
  readonly detach?: string;
}

export function addExecCommand(program: Command, { io, done }: CommandContext): Command {
  const command = program
    .command('exec')
    .description('Run a command on every target.')
    .usage('[targets] [connection] [options] [--] WORDS')
    .argument('[words...]', 'the command; words are joined with blanks, as ssh does')
    .passThroughOptions();
  addTargetOptions(command);
  command.addOption(shardOption());
  addConnectionOptions(command);
  addCommandOptions(command);
  addRunningOptions(command);
  command.action(async (words: readonly string[]) => {
    const options = mergedOptions<ExecOptions>(command);
    const config = configFileOf(program, io.env, command);
    done(
      await runExec({
        options,
        io,
        source: commandSource(words, options),
        targets: (connection, onNote) => resolveTargets({ options, connection, config, io, onNote }),
      }),
    );
  });
  return command;
}
