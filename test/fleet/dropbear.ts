import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Account } from './accounts.js';
import { Addresses } from './addresses.js';
import { knownHostsLine } from './config-text.js';
import type { Fleet } from './fleet.js';
import { until } from './until.js';

const run = promisify(execFile);

/**
 * A dropbear that lets the fleet's key into an account. Root only: dropbear reads the keys in the account's own home.
 * @returns the ssh_config that names it `name`, and an end
 */
export async function startDropbear(
  dropbear: string,
  name: string,
  fleet: Fleet,
  { user, home }: Account,
): Promise<{ readonly configPath: string; stop(): Promise<void> }> {
  const keyFile = join(fleet.dir, `${name}_key`);
  const { stdout } = await run('dropbearkey', ['-t', 'ed25519', '-f', keyFile]);
  const publicKey = /^ssh-ed25519 \S+/m.exec(stdout)?.[0] ?? '';
  const keys = join(home, '.ssh');
  await mkdir(keys, { recursive: true, mode: 0o700 });
  await writeFile(join(keys, 'authorized_keys'), await readFile(join(fleet.dir, 'id_ed25519.pub')), {
    mode: 0o600,
  });
  await run('chown', ['-R', user, keys]);

  const addresses = new Addresses();
  const { address, port } = await addresses.endpoint(addresses.nextAddress());
  const args = [
    '-F',
    '-E',
    '-s',
    '-r',
    keyFile,
    '-P',
    join(fleet.dir, `${name}.pid`),
    '-p',
    `${address}:${port}`,
  ];
  const server = spawn(dropbear, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let log = '';
  server.stderr.on('data', (chunk: Buffer) => (log += chunk));
  await until(() => server.exitCode !== null || log.includes('Not backgrounding'), {
    deadlineMs: 10_000,
    what: 'dropbear to start',
  });
  if (server.exitCode !== null) throw new Error(`dropbear did not start: ${log}`);

  const knownHosts = join(fleet.dir, `${name}_known_hosts`);
  await writeFile(knownHosts, knownHostsLine(address, port, publicKey));
  const configPath = join(fleet.dir, `${name}_config`);
  const lines = [`HostName ${address}`, `Port ${port}`, `User ${user}`, `UserKnownHostsFile ${knownHosts}`];
  await writeFile(
    configPath,
    [`Host ${name}`, ...lines, 'Host *', `Include ${fleet.configPath}`, ''].join('\n'),
  );
  return {
    configPath,
    async stop() {
      const ended = once(server, 'exit');
      server.kill('SIGKILL');
      if (server.exitCode === null && server.signalCode === null) await ended;
    },
  };
}
