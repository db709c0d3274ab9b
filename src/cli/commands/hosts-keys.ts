import { type Command, Option } from 'commander';
import { EXIT } from '../../core/exit-code.js';
import { RUN_DEFAULTS } from '../../core/options.js';
import { targetName } from '../../core/target.js';
import type { HostKeys, ShownKey } from '../../run/host-keys.js';
import { jsonSafe, safeInLine } from '../../sinks/terminal-safe.js';
import type { CommandContext } from '../command-context.js';
import { resolveConnection, wholeNumber } from '../connection-options.js';
import { configFileOf } from '../defaults.js';
import { interruptible } from '../interrupt.js';
import { addHostWords, withHostWords } from '../named-hosts.js';
import { addGeneralOptions, type SharedOptions } from '../shared-options.js';
import { resolveTargets } from '../targets.js';

interface HostsKeysOptions extends SharedOptions {
  readonly json?: boolean;
}

/** `hosts keys`: the fingerprints of host keys, for comparing. A host of that name is `hosts -H keys`. */
export function addHostsKeysCommand(hosts: Command, program: Command, { io, done }: CommandContext): Command {
  const command = hosts
    .command('keys')
    .description(
      'Print the fingerprints of the keys that hosts show (ssh-keyscan), and whether known_hosts has them.',
    );
  addHostWords(command, '[HOSTS...]');
  command.addOption(new Option('--json', 'as JSON').helpGroup('Output:'));
  addGeneralOptions(command);
  command.action(async (words: readonly string[]) => {
    const options = withHostWords<HostsKeysOptions>(command, words);
    const connection = resolveConnection(options, io.env);
    const fanout = wholeNumber(options.fanout, '--fanout', 1, 10_000) ?? RUN_DEFAULTS.fanout;
    const config = configFileOf(program, io.env, command);
    const say = (text: string): void => void io.stderr.write(`pssh-ts: ${text}\n`);
    const targets = await resolveTargets({ options, connection, config, io, onNote: say });
    if (options.dryRun === true) {
      for (const { label } of targets) say(`${label}: would be asked for its keys`);
      return done(EXIT.ok);
    }
    const { hostKeys } = await import('../../run/host-keys.js');
    const { signal, code, stop } = interruptible(io);
    try {
      const found = await hostKeys(targets, { connection, fanout, signal });
      if (options.json === true) io.stdout.write(`${asJson(found)}\n`);
      else print(found, io, say);
      done(found.some(isBad) ? EXIT.ssh : EXIT.ok);
    } catch (error) {
      const interrupted = code();
      if (interrupted === null) throw error;
      done(interrupted);
    } finally {
      stop();
    }
  });
  return command;
}

/** Nothing was shown, or something that is not to be trusted. */
const isBad = ({ keys, error }: HostKeys): boolean =>
  error !== null || keys.some(({ state }) => state === 'changed' || state === 'revoked');

function print(
  found: readonly HostKeys[],
  { stdout }: CommandContext['io'],
  say: (text: string) => void,
): void {
  for (const { target, keys, error } of found) {
    if (error !== null) say(`${target.label}: ${safeInLine(error)}`);
    for (const key of keys)
      stdout.write(`${safeInLine(`${target.label} ${key.type} ${key.fingerprint} ${stateOf(key)}`)}\n`);
  }
}

function stateOf({ state, kept, fingerprint }: ShownKey): string {
  const places = (those: ShownKey['kept']): string =>
    those.map(({ file, line }) => `${file}:${line}`).join(', ');
  switch (state) {
    case 'unknown':
      return 'unknown';
    case 'changed':
      return `CHANGED: ${kept.map((key) => `${places([key])} has ${key.fingerprint}`).join(', ')}`;
    case 'revoked':
      return `REVOKED: ${places(kept)}`;
    case 'known':
      return `known (${places(kept.filter((key) => key.fingerprint === fingerprint))})`;
  }
}

function asJson(found: readonly HostKeys[]): string {
  const hosts = found.map(({ target, name, keys, error }) => ({
    host: targetName(target),
    user: target.user ?? null,
    port: target.port ?? null,
    name,
    keys: keys.map(({ type, fingerprint, state, kept }) => ({ type, fingerprint, state, kept })),
    error,
  }));
  return jsonSafe(JSON.stringify({ schema: 'pssh-ts/host-keys@1', hosts }));
}
