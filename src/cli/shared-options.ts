import { type Command, Option } from 'commander';
import { TRANSPORTS } from '../core/options.js';
import { HOSTFILE_FORMATS } from '../inventory/detect-format.js';
import { withChoices } from './choices.js';

/** Where targets come from, in the order written. */
export interface TargetSource {
  readonly kind: 'host' | 'hostfile' | 'group' | 'stdin';
  readonly value: string;
}

/** As commander gives them; absent: not said. */
export interface SharedOptions {
  readonly host?: readonly TargetSource[];
  readonly all?: boolean;
  readonly exclude?: readonly string[];
  readonly pick?: string;
  readonly hostfileFormat?: string;
  readonly inventoryScript?: readonly string[];
  readonly maxHosts?: string;
  readonly user?: string;
  readonly port?: string;
  readonly sshConfig?: string;
  readonly jump?: string;
  readonly identity?: readonly string[];
  readonly sshOption?: readonly string[];
  readonly knownHosts?: string;
  readonly acceptNew?: boolean;
  readonly fanout?: string;
  readonly connectTimeout?: string;
  readonly connectRetries?: string;
  readonly persist?: string;
  readonly transport?: string;
  readonly jumpMaster?: boolean;
  readonly ownMasters?: boolean;
  readonly mux?: boolean;
  readonly maxMasters?: string;
  readonly verbose?: number;
  readonly quiet?: boolean;
  readonly dryRun?: boolean;
  readonly color?: boolean;
}

/** Of an option that may be said again: all its values, in order. */
export const collect = (value: string, previous: readonly string[] | undefined): string[] => [
  ...(previous ?? []),
  value,
];

export function addTargetOptions(command: Command): void {
  // -H, -w and --hostfile fill one list, so that the targets keep the order in which they were written.
  const sources: TargetSource[] = [];
  const into = (kind: TargetSource['kind']) => (value: string) => {
    sources.push({ kind, value });
    return sources;
  };
  command
    .addOption(
      new Option(
        '-H, --host <hosts>',
        'targets: a host expression (web1,db[1-3]), or a file of hosts; repeatable',
      )
        .argParser(into('host'))
        .helpGroup('Targets:'),
    )
    .addOption(
      new Option('-w <hosts>', 'the same as -H, as pdsh and clush have it')
        .argParser(into('host'))
        .helpGroup('Targets:'),
    )
    .addOption(
      new Option(
        '--hostfile <file>',
        'targets or inventory from a file: host list, INI or YAML inventory, ssh_config; - is stdin; repeatable',
      )
        .argParser(into('hostfile'))
        .helpGroup('Targets:'),
    );
  const more: readonly Option[] = [
    new Option('-g, --group <group>', 'targets: a group of the inventory; repeatable').argParser(
      into('group'),
    ),
    new Option('-a, --all', 'targets: every host of the inventory'),
    new Option('-x, --exclude <hosts>', 'take these away, by the same grammar as -H; repeatable').argParser(
      collect,
    ),
    new Option('--pick <number>', 'this many of the targets, at random'),
    withChoices(
      new Option('--hostfile-format <format>', `do not guess the format: ${HOSTFILE_FORMATS.join(', ')}`),
      HOSTFILE_FORMATS,
    ),
    new Option(
      '--inventory-script <file>',
      'run this program (FILE --list) for an inventory; repeatable',
    ).argParser(collect),
    new Option('--max-hosts <number>', 'refuse expressions that give more hosts (default 1000000)'),
  ];
  for (const option of more) command.addOption(option.helpGroup('Targets:'));
  for (const name of ['w', 'hostfile', 'group'])
    command.on(`option:${name}`, () => command.setOptionValue('host', sources));
}

export function addConnectionOptions(command: Command): void {
  const options: readonly Option[] = [
    new Option('-l, --user <name>', 'login name (ssh -l)'),
    new Option('--port <number>', 'port (ssh -p)'),
    new Option('-F, --ssh-config <file>', 'ssh_config to use (ssh -F)'),
    new Option('-J, --jump <hosts>', 'jump through these hosts (ssh -J)'),
    new Option('-i, --identity <file>', 'private key to log in with (ssh -i); repeatable').argParser(collect),
    new Option(
      '-o, --ssh-option <key=value>',
      'any other option of ssh_config (ssh -o); repeatable',
    ).argParser(collect),
    new Option('--known-hosts <file>', "host keys from this file, not from the user's known_hosts"),
    new Option(
      '--accept-new',
      'take and keep the keys of hosts that are not known yet; a changed key is refused',
    ),
    new Option('-f, --fanout <number>', 'hosts worked on at once (default 32)'),
    new Option(
      '-t, --connect-timeout <duration>',
      "all of one host's connecting, retries included (default 10s)",
    ),
    new Option(
      '--connect-retries <number>',
      'tries again when a server drops the connection before the login (default 2)',
    ),
    new Option(
      '--persist <duration>',
      'how long an idle connection is kept; 0 closes it when done (default 10m, 0 where CI is set)',
    ),
    withChoices(
      new Option(
        '--transport <name>',
        'mux: no process a command; process: an ssh each; auto (default): process only where ssh itself must serve',
      ),
      TRANSPORTS,
    ),
    new Option('--own-masters', 'pass over live masters of your own, at the ControlPath of ssh_config'),
    new Option('--no-mux', 'no masters: a login of its own for each command').default(undefined),
    new Option(
      '--max-masters <number>',
      'more live masters than these are closed when their host is done (default 512)',
    ),
    new Option(
      '--no-jump-master',
      'no shared connection to jump hosts: each host logs in to them for itself, as ssh does',
    ).default(undefined),
  ];
  for (const option of options) command.addOption(option.helpGroup('Connection:'));
}

export function addGeneralOptions(command: Command): void {
  const options: readonly Option[] = [
    new Option('-v, --verbose', 'say more; repeatable').argParser(
      (_: string, count: number | undefined) => (count ?? 0) + 1,
    ),
    new Option('-q, --quiet', 'print only failures'),
    new Option('--config <file>', 'defaults and groups (default ~/.config/pssh-ts/config.ini)'),
    new Option('--dry-run', 'print what would be run where; connect to nothing'),
    new Option('--no-color', 'no colours (also: NO_COLOR)').default(undefined),
  ];
  for (const option of options) command.addOption(option.helpGroup('General:'));
}

/** What was said before the command and after it together: lists add up, of the rest the later word counts. */
export function mergedOptions<T extends SharedOptions>(command: Command): T {
  const outer = command.parent === null ? {} : mergedOptions<SharedOptions>(command.parent);
  const merged: Record<string, unknown> = { ...outer };
  for (const [name, value] of Object.entries(command.opts())) {
    // A `--no-…` that was not said is true by default, which must not hide the one before the command.
    if (value === undefined || command.getOptionValueSource(name) === 'default') continue;
    const before = merged[name];
    // Commander takes `--no-x` that was not said for `x` said.
    if (before !== undefined && command.getOptionValueSource(name) === 'default') continue;
    if (Array.isArray(before) && Array.isArray(value)) merged[name] = [...before, ...value];
    else if (name === 'verbose' && typeof before === 'number') merged[name] = before + Number(value);
    else merged[name] = value;
  }
  return merged as T;
}
