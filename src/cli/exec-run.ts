import { usageError } from '../core/errors.js';
import type { ConnectionOptions } from '../core/options.js';
import { show } from '../core/show.js';
import type { Target } from '../core/target.js';
import { namesIn, type TemplateValues } from '../core/template.js';
import { type CommandOptions, type PlannedHost, planHost } from '../run/plan.js';
import type { SudoAccess } from '../run/sudo/access.js';
import type { CommandSource } from './command-source.js';
import type { ExecOptions } from './commands/exec.js';
import { refuseWithoutMaster, resolveConnection } from './connection-options.js';
import { detached } from './detach-options.js';
import { dryRun } from './dry-run.js';
import type { Io } from './io.js';
import { checkKeptOptions } from './kept-options.js';
import { checkRollingOptions, withHealth } from './rolling-options.js';
import { resolveRun } from './run-options.js';
import { chosenShard, ownTargets } from './shard.js';
import { type HostShare, hostShares, shareNotes } from './split-options.js';
import { resolveSudo } from './sudo-options.js';
import { chosenView } from './view-options.js';

export interface ExecRun {
  readonly options: ExecOptions;
  readonly source: CommandSource;
  readonly io: Io;
  /** All targets, asked for when the options have been looked at. */
  readonly targets: (
    connection: ConnectionOptions,
    onNote: (note: string) => void,
  ) => Promise<readonly Target[]>;
  /** Hosts of the whole list, where the targets are a part of it. @default as many as there are */
  readonly count?: number;
}

/** Plans and runs commands as the options say. @returns the exit code @throws PsshError ERR_USAGE, ERR_INVENTORY */
export async function runExec({ options, source, io, targets: find, count }: ExecRun): Promise<number> {
  const connection = resolveConnection(options, io.env);
  if (options.fetch !== undefined) refuseWithoutMaster(connection, '--fetch');
  const view = chosenView(options);
  const run = resolveRun(options, view, io);
  checkKeptOptions(options);
  checkRollingOptions(options, io);
  const sudo = resolveSudo(options);
  const frame = frameOf(options, io.env, sudo);
  const shard = chosenShard(options.shard, io.env);
  refuseBrokenText([...source.commands, frame.cwd ?? '', options.health ?? ''], frame.env);
  const notes: string[] = [];
  const onNote = (note: string): void => void notes.push(note);
  const targets = await find(connection, onNote);
  const whole = { ...frame, count: count ?? targets.length };
  const shares = hostShares(targets, options, connection, whole.count);
  const isTemplate = options.template === true || options.split !== undefined;
  const templates = [...(isTemplate ? source.templates : []), ...(options.fetch ?? [])];
  for (const note of shareNotes(shares, templates, options)) onNote(note);
  const chosen = new Set(ownTargets(targets, shard, onNote));
  const own = shares.filter(({ target }) => chosen.has(target));
  const planned = detached(
    own.map((share) => planShare(share, source, isTemplate, whole)),
    options,
  );
  const fetched = options.fetch === undefined ? planned : await withFetches(planned, options.fetch, own);
  const plan = Object.freeze(withHealth(fetched, options, whole));
  if (!options.quiet) for (const note of notes) io.stderr.write(`pssh-ts: ${note}\n`);
  if (options.dryRun === true) return dryRun(plan, connection, run, io);
  // Loaded when it is needed: what only prints or refuses starts quicker.
  const { execute } = await import('./execute.js');
  const { commands, words } = source;
  const again = { ...(words === undefined ? {} : { words }), values: usedValues(own, templates) };
  return execute({
    name: 'exec',
    plan,
    connection,
    run,
    commands,
    view,
    options,
    io,
    count: whole.count,
    again,
    ...(sudo?.password ? { askFirst: sudo.password } : {}),
  });
}

/** Of each host's values those that its templates name. */
function usedValues(
  shares: readonly HostShare[],
  templates: readonly string[],
): ReadonlyMap<number, TemplateValues> {
  const names = new Set(templates.flatMap(namesIn));
  if (names.size === 0) return new Map();
  return new Map(
    shares.map(({ target, values }) => [
      target.index,
      Object.fromEntries(Object.entries(values).filter(([name]) => names.has(name))),
    ]),
  );
}

function planShare(
  { target, values, skipped }: HostShare,
  source: CommandSource,
  isTemplate: boolean,
  options: CommandOptions & { readonly count: number },
): PlannedHost {
  if (skipped !== undefined)
    return { target, skipped, steps: source.commands.map((command) => ({ command, text: '' })) };
  return planHost(target, source.wordsFor(target, isTemplate ? values : null), options);
}

async function withFetches(
  plan: readonly PlannedHost[],
  fetches: readonly string[],
  shares: readonly HostShare[],
): Promise<readonly PlannedHost[]> {
  const { planFetches } = await import('./fetches.js');
  return planFetches(plan, fetches, shares);
}

function frameOf(options: ExecOptions, env: NodeJS.ProcessEnv, sudo: SudoAccess | null): CommandOptions {
  const raw = options.raw === true;
  if (raw && (options.env !== undefined || options.cwd !== undefined))
    throw usageError('--raw sends the words alone; leave out --env and --cwd');
  if (raw && sudo !== null)
    throw usageError('--raw sends the words alone; leave it out, or write sudo -n before the command');
  const readsHosts = options.host?.some(({ kind, value }) => kind === 'hostfile' && value === '-');
  if (options.stdin === true && readsHosts === true)
    throw usageError('-I and --hostfile - would both read our input; name a file of hosts');
  const { cwd } = options;
  return {
    env: resolveEnv(options.env ?? [], env),
    raw,
    ...(cwd === undefined ? {} : { cwd }),
    ...(sudo === null ? {} : { sudo }),
  };
}

// Node reads our arguments as UTF-8 and puts U+FFFD for what is none: the command would be another than was written.
function refuseBrokenText(texts: readonly string[], env: Readonly<Record<string, string>>): void {
  const isBroken = (text: string): boolean => text.includes('\ufffd');
  // Without the value: it may be a secret.
  const name = Object.keys(env).find((variable) => isBroken(env[variable] ?? ''));
  const text = texts.find(isBroken);
  const broken = text === undefined ? name && `the value of ${name}` : show(text);
  if (broken === undefined) return;
  throw usageError(`${broken} holds bytes that are no UTF-8; send the command over stdin (-I exec sh)`);
}

export function resolveEnv(entries: readonly string[], env: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(
    entries.map((entry) => {
      const equals = entry.indexOf('=');
      if (equals !== -1) return [entry.slice(0, equals), entry.slice(equals + 1)];
      const value = env[entry];
      if (value === undefined) throw usageError(`--env: ${show(entry)} is not set here; write NAME=VALUE`);
      return [entry, value];
    }),
  );
}
