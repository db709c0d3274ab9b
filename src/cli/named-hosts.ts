import type { Command } from 'commander';
import {
  addConnectionOptions,
  addTargetOptions,
  mergedOptions,
  type SharedOptions,
  type TargetSource,
} from './shared-options.js';

/** Of a command that connects and whose words name hosts, as -H does. */
export function addHostWords(command: Command, usage: string): void {
  command.usage(`[targets] [connection] ${usage}`).argument('[hosts...]', 'host expressions');
  addTargetOptions(command);
  addConnectionOptions(command);
}

/** The options of such a command, its words among the hosts. */
export function withHostWords<T extends SharedOptions>(
  command: Command,
  words: readonly string[],
): T & { readonly host: readonly TargetSource[] } {
  const merged = mergedOptions<T>(command);
  const named = words.map((value): TargetSource => ({ kind: 'host', value }));
  return { ...merged, host: [...(merged.host ?? []), ...named] };
}
