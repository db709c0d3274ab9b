import { chmodSync, existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import { type Fleet, startFleet } from '../fleet/fleet.js';
import type { FleetOptions } from '../fleet/types.js';
import { type CliOptions, type CliResult, runCli } from './cli.js';

const PROGRAMS = '/usr/bin:/bin';

/** A fleet for a file of tests, and for each test a fresh folder whose `remote` stands for the hosts' files. */
export interface FileScene {
  readonly fleet: Fleet;
  /** Of this test. */
  readonly here: string;
  /** @default 'auto' */
  transport: string;
  /** Where pssh-ts is run, it is in `here`. */
  run(args: readonly string[], options?: Partial<CliOptions>): Promise<CliResult>;
  remote(...parts: string[]): string;
  local(...parts: string[]): string;
  /** A host whose sessions find these programs before the system's. */
  hostWith(
    name: string,
    scripts: Readonly<Record<string, string>>,
    sshd?: readonly string[],
  ): Promise<string>;
  /** A host that lacks the named programs. */
  hostWithout(name: string, missing: readonly string[]): Promise<string>;
}

/** Makes the scene of a file of tests; `prepare` comes first and says what hosts there are. */
export function fileScene(prepare: () => FleetOptions['hosts'] | Promise<FleetOptions['hosts']>): FileScene {
  let fleet: Fleet | null = null;
  let here = '';
  let scenes = 0;
  const scene: FileScene = {
    get fleet() {
      if (fleet === null) throw new Error('the fleet is not started yet');
      return fleet;
    },
    get here() {
      return here;
    },
    transport: 'auto',
    run: (args, options = {}) =>
      runCli(['-F', scene.fleet.configPath, '--transport', scene.transport, ...args], {
        env: scene.fleet.env,
        cwd: here,
        ...options,
      }),
    remote: (...parts) => join(here, 'remote', ...parts),
    local: (...parts) => join(here, ...parts),
    hostWith: async (name, scripts, sshd = []) => {
      const folder = programsOf(name);
      // wx: through a link of the same name it would be the system's program that is written over.
      for (const [program, text] of Object.entries(scripts))
        writeFileSync(join(folder, program), text, { mode: 0o755, flag: 'wx' });
      await scene.fleet.addHost({ name, sshd: [`SetEnv PATH=${folder}:${PROGRAMS}`, ...sshd] });
      return name;
    },
    hostWithout: async (name, missing) => {
      await scene.fleet.addHost({ name, sshd: [`SetEnv PATH=${folderWithout(programsOf(name), missing)}`] });
      return name;
    },
  };
  const programsOf = (name: string): string => {
    const folder = join(scene.fleet.dir, 'programs', name);
    mkdirSync(folder, { recursive: true });
    return folder;
  };
  beforeAll(async () => {
    fleet = await startFleet({ hosts: await prepare() });
  }, 300_000);
  afterAll(async () => {
    if (fleet !== null) await runCli(['masters', 'close'], { env: fleet.env });
    await fleet?.stop();
  });
  beforeEach(() => {
    scenes += 1;
    here = join(scene.fleet.dir, `scene${scenes}`);
    mkdirSync(scene.remote(), { recursive: true });
    // Others log in too.
    for (const folder of [scene.fleet.dir, here]) chmodSync(folder, 0o755);
    chmodSync(scene.remote(), 0o777);
  });
  return scene;
}

/** Fills a folder with links to all of the system's programs but some: to stand as the whole PATH. */
export function folderWithout(folder: string, missing: readonly string[]): string {
  mkdirSync(folder, { recursive: true });
  for (const from of PROGRAMS.split(':'))
    for (const program of readdirSync(from))
      if (!missing.includes(program) && !existsSync(join(folder, program)))
        symlinkSync(join(from, program), join(folder, program));
  return folder;
}
