import { expect, test } from 'vitest';
import { findEngine, type Probe } from '../../docker/engine.js';

/** A machine on which only these commands end well. */
const machine =
  (...works: readonly string[]): Probe =>
  async (argv) =>
    works.includes(argv.join(' '))
      ? { code: 0, stderr: '' }
      : { code: 1, stderr: `no ${argv[0]} here\nmore of that\n` };

test.each([
  [['docker compose version', 'docker ps -q', 'podman-compose version', 'podman ps -q'], 'docker compose'],
  // A docker client without its daemon.
  [['docker compose version', 'podman-compose version', 'podman ps -q'], 'podman-compose'],
  [['podman compose version', 'podman ps -q'], 'podman compose'],
  [['docker-compose version', 'docker ps -q'], 'docker-compose'],
])('of %j the engine is %s', async (works, compose) => {
  const engine = await findEngine(undefined, machine(...works));
  expect(engine.compose.join(' ')).toBe(compose);
  expect(engine.program).toBe(compose.startsWith('podman') ? 'podman' : 'docker');
});

test('a command that is asked for is used, and no other', async () => {
  const all = ['docker compose version', 'docker ps -q', '/opt/podman-compose -x version', 'podman ps -q'];
  const engine = await findEngine(' /opt/podman-compose  -x ', machine(...all));
  expect(engine).toEqual({ compose: ['/opt/podman-compose', '-x'], program: 'podman' });
  await expect(findEngine('nerdctl compose', machine(...all))).rejects.toThrow('nerdctl compose version');
});

test('without an engine the message is one line that says what is wrong with each', async () => {
  const error = await findEngine(undefined, machine('docker compose version')).catch(String);
  expect(error).toBe(
    'NoEngineError: no container engine works here (docker ps -q: no docker here; ' +
      'podman-compose version: no podman-compose here; podman compose version: no podman here; ' +
      'docker-compose version: no docker-compose here)',
  );
});
