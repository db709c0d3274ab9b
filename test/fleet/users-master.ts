import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Fleet } from './types.js';

const run = promisify(execFile);

/** A master as a user starts one, at the ControlPath of the fleet's ssh_config. */
export interface UsersMaster {
  readonly pid: number;
  isAlive(): Promise<boolean>;
  end(): Promise<void>;
}

export async function startUsersMaster(fleet: Fleet, host: string): Promise<UsersMaster> {
  const { env, configPath } = fleet;
  const ssh = (...args: string[]) => run('ssh', ['-F', configPath, ...args, host], { env, timeout: 20_000 });
  // -f holds the pipes of some versions open; the end of the process in front is what counts.
  await new Promise<void>((resolve, reject) => {
    const child = execFile('ssh', ['-F', configPath, '-M', '-N', '-f', host], { env, timeout: 20_000 });
    child.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`ssh -M: exit ${code}`))));
    child.once('error', reject);
  });
  const { stderr } = await ssh('-O', 'check');
  const pid = Number(/pid=(\d+)/.exec(stderr)?.[1]);
  const isAlive = () =>
    ssh('-O', 'check').then(
      ({ stderr: said }) => said.includes(`pid=${pid}`),
      () => false,
    );
  return { pid, isAlive, end: async () => void (await ssh('-O', 'exit').catch(() => undefined)) };
}
