import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import { type Fleet, startFleet } from '../fleet/fleet.js';
import type { FleetOptions, HostSpec } from '../fleet/types.js';
import { type CliOptions, type CliResult, runCli } from './cli.js';

/** A fleet for a file of tests, and for each test a fresh folder. */
export interface Scene {
  readonly fleet: Fleet;
  /** Of this test. */
  readonly here: string;
  /** @default 'auto' */
  transport: string;
  /** Where pssh-ts is run, it is in `here`. */
  run(args: readonly string[], options?: Partial<CliOptions>): Promise<CliResult>;
}

/** Makes the scene of a file of tests; `prepare` comes first and says what hosts there are. */
export function makeScene(prepare: () => FleetOptions['hosts'] | Promise<FleetOptions['hosts']>): Scene {
  let fleet: Fleet | null = null;
  let here = '';
  let scenes = 0;
  const scene: Scene = {
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
    mkdirSync(here);
  });
  return scene;
}

/** Many hosts on two servers, those of the first two names, and one that is down. */
export function onTwoServers([first = '', second = '', ...others]: readonly string[]): HostSpec[] {
  return [
    { name: first },
    { name: second },
    ...others.map((name, place) => ({ name, sameServerAs: place % 2 === 0 ? first : second })),
    { name: 'dead1', kind: 'dead-port' },
  ];
}
