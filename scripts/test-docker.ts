// Runs the integration tests on sshd in containers: npm run test:docker [-- VITEST-ARGS] (docs/testing.md).
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeClientFiles } from '../test/docker/client-files.js';
import { type Containers, containersOf } from '../test/docker/containers.js';
import { findEngine, NoEngineError } from '../test/docker/engine.js';
import { portableTests } from '../test/docker/portable-tests.js';
import { runCommand } from '../test/docker/run-command.js';
import { claimRunFolder, FolderInUseError, releaseRunFolder } from '../test/docker/run-folder.js';
import { until } from '../test/fleet/until.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const FOLDER = join(ROOT, '.tmp', 'docker');
// Two checkouts can run at once.
const PROJECT = `pssh-ts-test-${createHash('sha256').update(ROOT).digest('hex').slice(0, 8)}`;
const HEALTH_DEADLINE_MS = 60_000;
const SUITE_DEADLINE_MS = 30 * 60_000;
const SIGNALS = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

const say = (line: string) => console.error(`test:docker: ${line}`);

async function run(argv: readonly string[], signal: AbortSignal, env = process.env): Promise<number> {
  const { code, stderr } = await runCommand(argv, {
    signal,
    env,
    deadlineMs: SUITE_DEADLINE_MS,
    isShown: true,
  });
  signal.throwIfAborted();
  if (stderr !== '') say(`${argv[0]}: ${stderr}`);
  return code ?? 1;
}

/** Starts the hosts and waits until all are healthy; gives their names with their containers. */
async function bringUp(containers: Containers, signal: AbortSignal): Promise<ReadonlyMap<string, string>> {
  // What a killed run left.
  await containers.remove();
  await containers.start(signal);
  const list = await containers.list();
  if (list.size < 3) throw new Error(`only ${list.size} of three hosts came up`);
  for (const [name, id] of list) {
    const isReady = async () => {
      signal.throwIfAborted();
      const health = await containers.health(id);
      if (health === 'ended') throw new Error(`${name} has ended`);
      return health === 'healthy';
    };
    await until(isReady, { deadlineMs: HEALTH_DEADLINE_MS, everyMs: 200, what: `${name} to be healthy` });
    say(`${name} is healthy`);
  }
  return list;
}

/** @returns vitest's exit status */
async function testOn(containers: Containers, signal: AbortSignal): Promise<number> {
  const list = await bringUp(containers, signal);
  const PSSH_TEST_SSH_CONFIG = await writeClientFiles(FOLDER, containers, list);
  const PSSH_TEST_HOSTS = [...list.keys()].join(',');
  const files = await portableTests(join(ROOT, 'test', 'integration'));
  const names = files.map((file) => relative(ROOT, file));
  say(`${names.join(' ')} on ${PSSH_TEST_HOSTS}`);
  const vitest = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs');
  const argv = [process.execPath, vitest, 'run', '--project', 'integration', ...names];
  // A suite that is broken off can't tidy up, so what it makes lies in a folder that goes afterwards. Not below .tmp:
  // the path of a socket has room for a hundred characters.
  const TMPDIR = await mkdtemp('/tmp/pt-');
  try {
    const env = { ...process.env, TMPDIR, PSSH_TEST_SSH_CONFIG, PSSH_TEST_HOSTS };
    return await run([...argv, ...process.argv.slice(2)], signal, env);
  } finally {
    await rm(TMPDIR, { recursive: true, force: true, maxRetries: 3 });
  }
}

async function main(signal: AbortSignal): Promise<number> {
  const engine = await findEngine(process.env.PSSH_TEST_COMPOSE);
  say(`the engine is ${engine.compose.join(' ')}`);
  await claimRunFolder(FOLDER);
  const containers = containersOf(engine, join(ROOT, 'docker-compose.test.yml'), PROJECT);
  try {
    const built = await run(['npm', 'run', 'build'], signal);
    if (built !== 0) return built;
    const status = await testOn(containers, signal);
    if (status !== 0) say(`what the hosts said:\n${await containers.logs()}`);
    return status;
  } catch (error) {
    if (!signal.aborted) say(`what the hosts said:\n${await containers.logs().catch(String)}`);
    throw error;
  } finally {
    say('taking the hosts down');
    // The folder goes even if a container stays.
    await containers.remove().finally(() => releaseRunFolder(FOLDER));
  }
}

const canceled = new AbortController();
let signaled = 0;
for (const name of Object.keys(SIGNALS) as (keyof typeof SIGNALS)[]) {
  process.on(name, () => {
    if (signaled === 0) say(`${name}: stopping`);
    signaled ||= SIGNALS[name];
    canceled.abort();
  });
}
try {
  const status = await main(canceled.signal);
  process.exitCode = signaled || status;
} catch (error) {
  process.exitCode = signaled || 1;
  if (error instanceof NoEngineError || error instanceof FolderInUseError) say(error.message);
  else if (!canceled.signal.aborted)
    say(error instanceof Error ? (error.stack ?? error.message) : `${error}`);
}
