import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { saysAes } from '../../src/ssh/unset-options.js';
import { type Fleet, startFleet } from '../fleet/fleet.js';
import { runCli } from './cli.js';

const QUICK = 'aes256-gcm@openssh.com';
const CHACHA = 'chacha20-poly1305@openssh.com';
const quickHere = saysAes(readFileSync('/proc/cpuinfo', 'latin1'));

let fleet: Fleet;
beforeAll(async () => {
  fleet = await startFleet({
    hosts: [
      { name: 'any', sshd: ['LogLevel DEBUG1'] },
      { name: 'chosen', sshd: ['LogLevel DEBUG1'] },
      { name: 'old', sshd: ['LogLevel DEBUG1', `Ciphers ${CHACHA},aes128-ctr`] },
    ],
  });
});
afterAll(async () => {
  await runCli(['masters', 'close'], { env: fleet.env });
  await fleet.stop();
});

/** What the server says it and its last client agreed on. */
async function agreed(name: string): Promise<string | undefined> {
  return [...(await fleet.log(name)).matchAll(/kex: server->client cipher: (\S+)/g)].at(-1)?.[1];
}

const run = (args: readonly string[]) =>
  runCli(['-F', fleet.configPath, ...args, 'exec', 'true'], { env: fleet.env });

test.each(['--transport mux', '--transport process', '--no-mux'])(
  'the quickest of the ciphers that both sides offer is taken, %s',
  async (how) => {
    await runCli(['masters', 'close'], { env: fleet.env });
    expect((await run([...how.split(' '), '-H', 'any,old'])).code).toBe(0);
    expect(await agreed('any')).toBe(quickHere ? QUICK : CHACHA);
    expect(await agreed('old')).toBe(CHACHA);
  },
);

test('a cipher that ssh_config or -o chooses stays chosen, on one host as on the next', async () => {
  const config = join(fleet.dir, 'own_config');
  writeFileSync(config, `Include ${fleet.configPath}\nHost chosen\n  Ciphers aes128-ctr,${QUICK}\n`);
  const result = await runCli(['-F', config, '-H', 'any,chosen', 'exec', 'true'], { env: fleet.env });
  expect(result.code).toBe(0);
  expect(await agreed('chosen')).toBe('aes128-ctr');
  expect(await agreed('any')).toBe(quickHere ? QUICK : CHACHA);
  expect((await run(['-o', 'Ciphers=aes256-ctr', '-H', 'any'])).code).toBe(0);
  expect(await agreed('any')).toBe('aes256-ctr');
});
