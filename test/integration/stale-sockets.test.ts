import { readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { type Fleet, startFleet } from '../fleet/fleet.js';
import { signalQuietly } from '../fleet/processes.js';
import { fakeMaster, HELLO } from '../unit/master/fake-master.js';
import { parseRun, runCli } from './cli.js';

// The deadline for an answer is 2 s; the rest is the login on a machine that may have other things to do.
const BOUND_MS = 25_000;

let fleet: Fleet;
let folder: string;
beforeAll(async () => {
  fleet = await startFleet({ hosts: [{ name: 'h' }] });
  folder = join(fleet.env.XDG_RUNTIME_DIR ?? '', 'pssh-ts');
});
afterAll(async () => {
  await runCli(['masters', 'close'], { env: fleet.env });
  await fleet.stop();
});

const run = (...args: readonly string[]) =>
  runCli(['-F', fleet.configPath, '-t', '30', ...args], { env: fleet.env });
const masters = async () =>
  (
    JSON.parse((await run('masters', 'list', '--json')).out) as {
      masters: { pid: number; usedBy: number | null; host: string }[];
    }
  ).masters;

let socket: string;
let pid: number;
beforeEach(async () => {
  await run('masters', 'close');
  await run('-H', 'h', 'exec', 'true');
  socket = join(folder, (await readdir(folder)).find((file) => file.endsWith('.-')) ?? 'none');
  pid = (await masters())[0]?.pid ?? 0;
  onTestFinished(() => signalQuietly(pid, 'SIGKILL'));
});

/** A new login takes its place, within the bound, and is all that is there afterwards. */
async function isReplaced(): Promise<void> {
  const result = await run('-H', 'h', 'exec', '--json', 'echo $FLEET_HOST');
  expect(parseRun(result).results[0]).toMatchObject({ status: 'ok', stdout: 'h\n', attempts: 1 });
  expect(result.durationMs).toBeLessThan(BOUND_MS);
  const live = await masters();
  expect(live).toHaveLength(1);
  expect(live[0]).toMatchObject({ host: 'h', usedBy: null });
  expect(live[0]?.pid).not.toBe(pid);
}

test('a killed master', async () => {
  process.kill(pid, 'SIGKILL');
  await isReplaced();
});

test('a stopped master', async () => {
  process.kill(pid, 'SIGSTOP');
  await isReplaced();
});

test('a plain file in place of the socket', async () => {
  process.kill(pid, 'SIGKILL');
  await runCli(['masters', 'close'], { env: fleet.env });
  await writeFile(socket, 'not a socket');
  await isReplaced();
});

test.each<readonly [string, (peer: Socket) => void]>([
  ['speaks another protocol', (peer) => void peer.write('HTTP/1.1 400 Bad Request\r\n\r\n')],
  ['says nothing', () => undefined],
  ['closes in the middle of its hello', (peer) => void peer.end(HELLO.subarray(0, 7))],
  ['greets and closes', (peer) => void peer.end(HELLO)],
])('the socket of a program that %s', async (_, greet) => {
  await run('masters', 'close');
  const foreign = await fakeMaster(socket, greet);
  onTestFinished(() => foreign.close());
  await isReplaced();
});

test('a record that was cut short: a new login, for what the config asks of its sessions is not known', async () => {
  const record = socket.replace(/-$/, 'json');
  await truncate(record, Math.floor((await readFile(record)).length / 2));
  await isReplaced();
});

test('the socket deleted under a live master: a new login, and no file of the old one', async () => {
  await rm(socket);
  await isReplaced();
});
