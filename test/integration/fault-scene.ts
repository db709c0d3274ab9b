import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import type { Fleet } from '../fleet/fleet.js';
import { leftovers } from '../fleet/leftovers.js';
import { listProcesses, type ProcessLine, sessionProcesses, signalQuietly } from '../fleet/processes.js';
import { type Relay, startRelay } from '../fleet/relay.js';
import { until } from '../fleet/until.js';
import { type CliOptions, type CliResult, parseRun, type RunDocument, runCli } from './cli.js';
import { seeLeashes } from './leashes.js';

export const TRANSPORTS = ['mux', 'process'] as const;
export type Result = RunDocument['results'][number];

/** Things take a second; the machine may have others to do. */
export const BUSY = { deadlineMs: 30_000 } as const;

/** What a victim runs that is to outlive the fault, as text for `strike`. */
export const OUTLIVE =
  'for i in $(seq 600); do test -e $go && break; sleep 0.1; done; sleep 1; echo end; exit 7';

/** One test's corner of a fleet: folders of its own, so that what is left in them is this test's. */
export class Scene {
  readonly env: NodeJS.ProcessEnv;
  private config: string;

  private constructor(
    readonly fleet: Fleet,
    readonly dir: string,
    /** What the test breaks. */
    readonly victim: string,
    /** What must not suffer from it. */
    readonly others: readonly string[],
    env: NodeJS.ProcessEnv,
  ) {
    this.config = fleet.configPath;
    this.env = { ...fleet.env, XDG_RUNTIME_DIR: dir, TMPDIR: join(dir, 'tmp'), ...env };
  }

  static async make(
    fleet: Fleet,
    transport: (typeof TRANSPORTS)[number],
    victim: string,
    others: readonly string[] = [],
    /** Tests that run at once have each its own. */
    atEnd = onTestFinished,
  ): Promise<Scene> {
    const dir = await mkdtemp(join(fleet.dir, 'run', 's'));
    await mkdir(join(dir, 'tmp'));
    const scene = new Scene(fleet, dir, victim, others, { PSSH_TS_TRANSPORT: transport });
    atEnd(async () => {
      for (const { pid } of (await leftovers(dir)).processes) signalQuietly(pid, 'SIGKILL');
    });
    return scene;
  }

  get names(): readonly string[] {
    return [this.victim, ...this.others];
  }

  /** The folder of the control sockets. */
  get runtime(): string {
    return join(this.dir, 'pssh-ts');
  }

  run(args: readonly string[], options: Partial<CliOptions> = {}): Promise<CliResult> {
    return runCli(['-F', this.config, '-t', '30', ...args], { env: this.env, ...options });
  }

  /** One command on all hosts. */
  async exec(
    command: string,
    args: readonly string[] = [],
    options: Partial<CliOptions> = {},
  ): Promise<Results> {
    const done = await this.run(
      ['-H', this.names.join(','), 'exec', '--json', '--kill-grace', '1', ...args, command],
      options,
    );
    if (done.out === '') throw new Error(`no document; stderr: ${done.err}`);
    return new Results(done, parseRun(done).results);
  }

  /** From now on the victim is reached through a network that can be broken. */
  async throughRelay(): Promise<Relay> {
    const { address, port } = this.fleet.host(this.victim);
    const relay = await startRelay({ address, port: port ?? 0 });
    onTestFinished(() => relay.close());
    this.config = join(this.dir, 'ssh_config');
    const text = [
      `Host ${this.victim}`,
      `  HostName ${relay.address}`,
      `  Port ${relay.port}`,
      `  HostKeyAlias [${address}]:${port}`,
      'Host *',
      `  Include ${this.fleet.configPath}`,
      '',
    ];
    await writeFile(this.config, text.join('\n'));
    return relay;
  }

  /**
   * Runs a command on all hosts, strikes once it runs everywhere and its leash is armed, and lets the others' end
   * afterwards. The victim's would go on for a day.
   * @param text what the victim runs, instead of a sleep; $go is a file that is there after the fault
   */
  async strike(
    fault: () => unknown,
    args: readonly string[] = [],
    { text = 'sleep 86400', options = {} as Partial<CliOptions> } = {},
  ): Promise<Struck> {
    const mark = await mkdtemp(join(this.fleet.dir, 'marks-'));
    // Commands of any account leave theirs.
    await chmod(mark, 0o777);
    const rest = 'for i in $(seq 900); do test -e $go && break; sleep 0.1; done; echo lived';
    const command = `go=${mark}/go; echo up >${mark}/$FLEET_HOST; if test $FLEET_HOST = ${this.victim}; then ${text}; else ${rest}; fi`;
    const running = this.exec(command, args, { deadlineMs: 150_000, ...options });
    running.catch(() => undefined);
    const hasBegun = () => this.names.every((name) => existsSync(join(mark, name)));
    await until(hasBegun, { ...BUSY, what: 'the command to begin everywhere' });
    await seeLeashes(1, () => sessionProcesses(this.fleet.dir, this.victim));
    const struck = performance.now();
    await fault();
    await writeFile(join(mark, 'go'), '');
    const results = await running;
    const ms = performance.now() - struck;
    for (const { host, status, stdout } of results.all.filter(({ host }) => host !== this.victim)) {
      expect([host, status, stdout]).toEqual([host, 'ok', 'lived\n']);
    }
    return { ...results.of(this.victim), ms, results };
  }

  /** Process ids of the live masters by host. */
  async masters(): Promise<ReadonlyMap<string, number>> {
    const { out } = await this.run(['masters', 'list', '--json']);
    const { masters } = JSON.parse(out) as { masters: { label: string; pid: number }[] };
    return new Map(masters.map(({ label, pid }) => [label, pid]));
  }

  async masterOf(name: string): Promise<number> {
    const pid = (await this.masters()).get(name);
    if (pid === undefined) throw new Error(`${name} has no master`);
    return pid;
  }

  /** The sockets of the masters of one host, by the record beside them. */
  async sockets(): Promise<string[]> {
    const files = await readdir(this.runtime);
    return files
      .filter((file) => /^\w{12}\.\w{4}\.(-|\w{7})$/.test(file))
      .map((file) => join(this.runtime, file));
  }

  /** Lets the clean-up of dead files run again, as it does now and then, and see records that are not young. */
  async ageRecords(): Promise<void> {
    await rm(join(this.runtime, 'swept'), { force: true });
    for (const file of await readdir(this.runtime)) {
      if (file.endsWith('.json')) await utimes(join(this.runtime, file), 0, Date.now() / 1000 - 600);
    }
  }

  /** The server's processes for its connections, from the listener's children on. */
  async serverProcesses(name: string): Promise<ProcessLine[]> {
    const all = await listProcesses();
    const listener = all.find(({ args }) =>
      args.includes(join(this.fleet.dir, 'hosts', name, 'sshd_config')),
    );
    const found = new Set(listener === undefined ? [] : [listener.pid]);
    return all
      .sort((a, b) => a.pid - b.pid)
      .filter(({ pid, ppid, args }) => found.has(ppid) && /^sshd(-session)?: /.test(args) && found.add(pid));
  }

  /** A further run on the same hosts is ok; then all masters are closed, and nothing is left, here or on the hosts. */
  async seeWell(spared: readonly string[] = []): Promise<void> {
    const again = await this.exec('echo $FLEET_HOST');
    expect(again.all.map(({ host, status, stdout }) => [host, status, stdout])).toEqual(
      this.names.map((name) => [name, 'ok', `${name}\n`]),
    );
    await this.seeClean(spared);
  }

  /** @param spared hosts where the fault lets the remote live on */
  async seeClean(spared: readonly string[] = []): Promise<void> {
    await this.run(['masters', 'close']);
    let left: unknown = null;
    const isClean = async (): Promise<boolean> => {
      const { processes, files } = await leftovers(this.dir, [this.runtime, join(this.dir, 'tmp')]);
      const kept = files.filter((file) => !/\/(swept|\w{12}\.cap|code\.[\w.-]+)$/.test(file));
      const names = this.names.filter((name) => !spared.includes(name));
      const remote = await Promise.all(names.map((name) => sessionProcesses(this.fleet.dir, name)));
      left = { processes, files: kept, remote };
      return processes.length + kept.length + remote.flat().length === 0;
    };
    await until(isClean, { ...BUSY, what: 'nothing to be left' }).catch((error: Error) => {
      throw new Error(`${error.message}; left: ${JSON.stringify(left, null, 1)}`);
    });
  }
}

export class Results {
  constructor(
    readonly cli: CliResult,
    readonly all: readonly Result[],
  ) {}

  of(name: string): Result {
    const found = this.all.find(({ host }) => host === name);
    if (found === undefined) throw new Error(`no result for ${name}; stderr: ${this.cli.err}`);
    return found;
  }
}

export interface Struck extends Result {
  /** From the fault to the end of the run. */
  readonly ms: number;
  readonly results: Results;
}
