import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Fleet, startFleet } from '../fleet/fleet.js';
import { runCli } from './cli.js';

let fleet: Fleet;
beforeAll(async () => {
  fleet = await startFleet({
    hosts: [
      { name: 'plain' },
      { name: 'agent', client: ['ForwardAgent yes'] },
      { name: 'x11', client: ['ForwardX11 yes'] },
    ],
  });
});
afterAll(async () => {
  await runCli(['masters', 'close'], { env: fleet.env });
  await fleet.stop();
});

const said = async (...args: string[]): Promise<string[]> => {
  const { err } = await runCli(
    ['-F', fleet.configPath, '-v', '-H', 'plain,agent,x11', ...args, 'exec', 'true'],
    {
      env: fleet.env,
    },
  );
  return err
    .split('\n')
    .filter((line) => line.includes('connected'))
    .sort();
};

test('auto takes mux, but ssh itself where the config asks for forwarding; -v says which and why', async () => {
  const why = 'its ssh_config asks for agent or X11 forwarding';
  expect(await said()).toEqual([
    `pssh-ts: agent: connected, over process (${why})`,
    'pssh-ts: plain: connected, over mux',
    `pssh-ts: x11: connected, over process (${why})`,
  ]);
  // A warm run asks no ssh -G: it is kept beside the socket.
  expect(await said()).toEqual([
    `pssh-ts: agent: connected (live master), over process (${why})`,
    'pssh-ts: plain: connected (live master), over mux',
    `pssh-ts: x11: connected (live master), over process (${why})`,
  ]);
});

test.each(['mux', 'process'])('--transport %s is taken for every host', async (name) => {
  expect(await said('--transport', name)).toEqual(
    ['agent', 'plain', 'x11'].map((host) => `pssh-ts: ${host}: connected (live master), over ${name}`),
  );
});
