/** The main job on five hosts that exist for a few seconds only, each step said before it is run. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { startFleet } from '../test/fleet/fleet.js';

const BIN = fileURLToPath(new URL('../dist/bin.cjs', import.meta.url));

const fleet = await startFleet({ hosts: 5, server: 'auto' });
const say = (text: string): void => void process.stdout.write(`\n# ${text}\n`);

/** Shows the command as one would type it, runs it, and gives its exit code. */
function show(...args: readonly string[]): Promise<number> {
  const typed = args.map((arg) => (/^[\w,./=-]+$/.test(arg) ? arg : `'${arg}'`)).join(' ');
  process.stdout.write(`$ pssh-ts -F demo_config ${typed}\n`);
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [BIN, '-F', fleet.configPath, ...args], {
      env: fleet.env,
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 1));
  });
}

const codes: number[] = [];
try {
  say(
    fleet.server === 'sshd'
      ? 'Five sshd of this machine, each on a loopback address and with keys of its own.'
      : 'No sshd here, so five embedded SSH servers on loopback; the client is the real ssh.',
  );
  say('A command on all of them: one login each.');
  codes.push(
    await show('-H', 'node[1-5]', 'exec', 'echo "I am $FLEET_HOST, $PSSH_NODENUM of $PSSH_NUMNODES"'),
  );
  say('Again: the connections are still open, so nobody logs in a second time.');
  codes.push(await show('-H', 'node[1-5]', 'exec', 'uptime'));
  say('A command that fails on one host says so, and the exit code is 5.');
  const failing = await show('-H', 'node[1-5]', 'exec', 'test "$FLEET_HOST" != node3');
  codes.push(failing === 5 ? 0 : 1);
  say('The open connections, and their end.');
  codes.push(await show('masters', 'list'));
  codes.push(await show('masters', 'close'));
} finally {
  await fleet.stop();
}
const good = codes.every((code) => code === 0);
say(
  good
    ? 'Done: 5 hosts started, 3 commands run on each over 5 connections; all of it is stopped and removed.'
    : 'The demo did not go as it should; what stands above says where.',
);
process.exitCode = good ? 0 : 1;
