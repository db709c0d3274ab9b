import { execFileSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Fleet, startFleet } from '../fleet/fleet.js';
import { hostKeysFaults } from '../unit/sinks/schema.js';
import { runCli } from './cli.js';

let fleet: Fleet;
let known: string;
beforeAll(async () => {
  fleet = await startFleet({
    hosts: [
      { name: 'one' },
      { name: 'stranger' },
      { name: 'changed', kind: 'wrong-host-key' },
      { name: 'dead', kind: 'dead-port' },
      { name: 'revoked' },
      { name: 'behind', sameServerAs: 'one', client: ['ProxyJump changed'] },
    ],
  });
  known = join(fleet.dir, 'known_hosts');
  const lines = (await readFile(known, 'utf8')).split('\n');
  const kept = lines.filter((line) => !line.startsWith(`[${fleet.host('stranger').address}]:`));
  const own = `[${fleet.host('revoked').address}]:`;
  await writeFile(known, kept.map((line) => (line.startsWith(own) ? `@revoked ${line}` : line)).join('\n'));
});
afterAll(() => fleet.stop());

const keys = (...args: readonly string[]) =>
  runCli(['-F', fleet.configPath, '-t', '20', 'hosts', 'keys', ...args], { env: fleet.env });
const fingerprint = (name: string): string =>
  execFileSync('ssh-keygen', ['-lf', join(fleet.dir, 'hosts', name, 'host_key')], { encoding: 'utf8' }).split(
    ' ',
  )[1] ?? '';

test('known, unknown, changed and revoked keys are told with their fingerprints and lines', async () => {
  const { out, code } = await keys('one', 'stranger', 'changed', 'revoked');
  const [one, stranger, changed, revoked] = out.split('\n');
  expect(one).toBe(`one ED25519 ${fingerprint('one')} known (${known}:1)`);
  expect(stranger).toBe(`stranger ED25519 ${fingerprint('stranger')} unknown`);
  expect(changed).toMatch(
    new RegExp(
      `^changed ED25519 ${fingerprint('changed').replace(/\W/g, '\\$&')} CHANGED: .*known_hosts:2 has SHA256:`,
    ),
  );
  expect(changed?.match(/SHA256:/g)).toHaveLength(2);
  expect(revoked).toBe(`revoked ED25519 ${fingerprint('revoked')} REVOKED: ${known}:4`);
  expect(code).toBe(4);
  expect((await keys('one', 'stranger')).code).toBe(0);
});

test('hashed names are found', async () => {
  const hashed = join(fleet.dir, 'hashed');
  await writeFile(hashed, await readFile(known));
  execFileSync('ssh-keygen', ['-H', '-f', hashed], { stdio: 'ignore' });
  expect((await keys('--known-hosts', hashed, 'one')).out).toContain(`known (${hashed}:1)`);
});

test('what can’t be asked from here is said, with the command that asks from the jump host', async () => {
  const { out, err, code } = await keys('behind', 'dead', 'one');
  expect(out).toMatch(/^one ED25519 [^\n]*\n$/);
  expect(err).toMatch(
    /behind: not to be asked from here, it is behind changed: ssh -F \S+ changed 'ssh-keyscan -p \d+ /,
  );
  expect(err).toMatch(/dead: \S+ port \d+ showed no key/);
  expect(code).toBe(4);
});

test('as JSON, and nothing is logged in to', async () => {
  const { out } = await keys('--json', 'changed');
  const { schema, hosts } = JSON.parse(out) as {
    schema: string;
    hosts: { host: string; keys: { state: string; fingerprint: string; kept: { line: number }[] }[] }[];
  };
  expect(schema).toBe('pssh-ts/host-keys@1');
  // Of every kind: what the schema says, key by key.
  const all = await keys('--json', 'one', 'stranger', 'changed', 'revoked', 'dead', 'behind', 'me@one');
  const document = JSON.parse(all.out) as { hosts: { keys: { state: string }[] }[] };
  expect(hostKeysFaults(document)).toBe('');
  const states = document.hosts.map(({ keys }) => keys.map(({ state }) => state));
  expect(states).toEqual([['known'], ['unknown'], ['changed'], ['revoked'], [], [], ['known']]);
  expect(hostKeysFaults({ ...document, news: 1 })).not.toBe('');
  expect(hostKeysFaults({ ...document, hosts: [{}] })).not.toBe('');
  expect(hosts[0]?.keys[0]).toMatchObject({ state: 'changed', fingerprint: fingerprint('changed') });
  expect(await fleet.logins('one')).toBe(0);
});

test('exec’s message has both fingerprints and the line', async () => {
  const run = await runCli(['-F', fleet.configPath, '-H', 'changed', 'exec', '--json', 'true'], {
    env: fleet.env,
  });
  const message = (JSON.parse(run.out) as { results: { error: { message: string } }[] }).results[0]?.error
    .message;
  expect(message).toMatch(/known_hosts:2 \(SHA256:[\w+/]+\); the host shows SHA256:/);
  expect(message).toContain(fingerprint('changed'));
});
