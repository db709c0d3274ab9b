import { withoutValues } from '../core/record.js';
import type { ExecOptions } from './commands/exec.js';

// The compiler asks for a word on each new option: what shapes a run is kept, so that it can be repeated; what
// chose its targets is not, for the targets are; nor what says how this one run was shown and where it was kept.
const KEPT = {
  user: true,
  port: true,
  sshConfig: true,
  jump: true,
  jumpMaster: true,
  mux: true,
  ownMasters: true,
  maxMasters: true,
  identity: true,
  sshOption: true,
  knownHosts: true,
  acceptNew: true,
  fanout: true,
  connectTimeout: true,
  connectRetries: true,
  persist: true,
  transport: true,
  argv: true,
  raw: true,
  cwd: true,
  timeout: true,
  deadline: true,
  tty: true,
  sudo: true,
  sudoUser: true,
  killGrace: true,
  onDisconnect: true,
  drain: true,
  stdin: true,
  keepCommands: true,
  maxStatus: true,
  maxOutput: true,
  fetch: true,
  detach: true,
  script: true,
  template: true,
  split: true,
  weights: true,
  serial: true,
  maxFail: true,
  failFast: true,
  keepGoing: true,
  health: true,
  healthTimeout: true,
  batchPause: true,
  // It is asked for by who sits there.
  step: false,
  shard: false,
  // Its names have a place of their own, its values none.
  env: false,
  command: false,
  // Nor where secrets came from: each run is told anew.
  askPass: false,
  passFile: false,
  askPassphrase: false,
  passphraseFile: false,
  askSudoPass: false,
  sudoPassFile: false,
  host: false,
  all: false,
  exclude: false,
  pick: false,
  hostfileFormat: false,
  inventoryScript: false,
  maxHosts: false,
  verbose: false,
  quiet: false,
  dryRun: false,
  color: false,
  json: false,
  ndjson: false,
  gather: false,
  diff: false,
  inline: false,
  progress: false,
  format: false,
  prefix: false,
  outdir: false,
  errdir: false,
  append: false,
  overwrite: false,
  junit: false,
  report: false,
  github: false,
  record: false,
  recordOutput: false,
} as const satisfies Record<keyof ExecOptions, boolean>;

/** Of the options those that a record keeps, as they were given. */
export function recordedOptions(options: ExecOptions): Readonly<Record<string, unknown>> {
  const kept = Object.entries(options).filter(([name]) => (KEPT as Record<string, boolean>)[name] === true);
  return Object.fromEntries(
    kept.map(([name, value]) => [
      name,
      name === 'sshOption' ? (value as string[]).map(withoutValues) : value,
    ]),
  );
}

/** The names that `--env` set. */
export function recordedEnv({ env = [] }: ExecOptions): readonly string[] {
  return env.map((entry) => entry.split('=', 1)[0] ?? '');
}
