import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startFleet } from '../fleet/fleet.js';

/** Hosts that work, wherever they run: sshd of our own on loopback, or containers named by the environment. */
export interface Hosts {
  readonly configPath: string;
  /** At least three. */
  readonly names: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  stop(): Promise<void>;
}

/**
 * `PSSH_TEST_SSH_CONFIG` and `PSSH_TEST_HOSTS` (names with commas) point the tests at hosts that stand already;
 * `npm run test:docker` sets them.
 */
export async function startHosts(): Promise<Hosts> {
  const { PSSH_TEST_SSH_CONFIG, PSSH_TEST_HOSTS } = process.env;
  if (PSSH_TEST_SSH_CONFIG === undefined || PSSH_TEST_HOSTS === undefined) {
    const fleet = await startFleet({ hosts: 3 });
    return {
      configPath: fleet.configPath,
      names: fleet.hosts.map(({ name }) => name),
      env: fleet.env,
      stop: () => fleet.stop(),
    };
  }
  const dir = await mkdtemp(join(tmpdir(), 'pt-'));
  const run = join(dir, 'run');
  await mkdir(run, { mode: 0o700 });
  const { PATH } = process.env;
  return {
    configPath: PSSH_TEST_SSH_CONFIG,
    names: PSSH_TEST_HOSTS.split(','),
    env: { PATH, HOME: dir, XDG_RUNTIME_DIR: run },
    stop: () => rm(dir, { recursive: true, force: true }),
  };
}
