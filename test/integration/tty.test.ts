import { execFile } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { type Fleet, startFleet } from '../fleet/fleet.js';
import { signalQuietly } from '../fleet/processes.js';
import { type CliOptions, parseRun, runCli } from './cli.js';
import { Sleeps, sessionTable } from './session-table.js';

let fleet: Fleet;
beforeAll(async () => {
  fleet = await startFleet({ hosts: [{ name: 'one' }] });
});
afterAll(async () => {
  if (fleet !== undefined) await runCli(['masters', 'close'], { env: fleet.env });
  await fleet?.stop();
});

/** What ssh gives whose input is no terminal, without a master. */
function plainSsh(text: string, input: string): Promise<string> {
  const options = { env: { ...fleet.env, TERM: 'vt100' }, timeout: 30_000 };
  return new Promise((resolve) => {
    const child = execFile('ssh', ['-tt', '-F', fleet.configPath, 'one', '--', text], options, (_, out) =>
      resolve(out),
    );
    child.stdin?.end(input);
  });
}

test('a ^D in the input is its end for what reads from the terminal, as with ssh -tt', async () => {
  const text = 'stty -echo; cat; echo end';
  const input = 'one\ntwo\n\u0004';
  const args = [
    '-F',
    fleet.configPath,
    '--transport',
    'mux',
    '-H',
    'one',
    'exec',
    '--json',
    '--tty',
    '-I',
    text,
  ];
  const [result] = parseRun(await runCli(args, { env: fleet.env, input, holdInput: true })).results;
  const end = /one\r\ntwo\r\nend\r\n$/;
  expect(result).toMatchObject({ status: 'ok', stdout: expect.stringMatching(end) });
  expect(await plainSsh(text, input)).toMatch(end);
});

describe.each(['mux', 'process', 'no-mux'])('--tty over %s', (transport) => {
  const way = transport === 'no-mux' ? ['--no-mux', '-t', '30'] : ['--transport', transport];
  const exec = async (args: readonly string[], options: Partial<CliOptions> = {}) => {
    const env = { ...fleet.env, TERM: 'vt100' };
    const all = ['-F', fleet.configPath, ...way, '-H', 'one', 'exec', '--json', ...args];
    return parseRun(await runCli(all, { env, ...options })).results[0];
  };

  test('gives a terminal of our TERM, 80x24 where we have none of our own', async () => {
    const text = 'test -t 0 && test -t 1 && test -t 2 && echo terminal; stty size; echo $TERM';
    expect(await exec(['--tty', text])).toMatchObject({
      status: 'ok',
      stdout: 'terminal\r\n24 80\r\nvt100\r\n',
      stderr: '',
    });
  });

  test('without it there is none', async () => {
    expect(await exec(['test -t 0 || test -t 1 || test -t 2'])).toMatchObject({ status: 'failed' });
  });

  test('stderr comes as stdout, in the order written, and nothing of ssh itself', async () => {
    expect(await exec(['--tty', 'echo out; echo err >&2; echo out; exit 3'])).toMatchObject({
      status: 'failed',
      exitCode: 3,
      stdout: 'out\r\nerr\r\nout\r\n',
      stderr: '',
    });
  });

  test('its modes are those that plain ssh -tt gives', async () => {
    const modes = (text: string): string => text.replace(/rows \d+; columns \d+;/, '');
    const result = await exec(['--tty', 'stty -a']);
    expect(modes(result?.stdout ?? '')).toBe(modes(await plainSsh('stty -a', '')));
  });

  test('input is typed, and no ~. of it leaves', async () => {
    // How much of it is echoed depends on who is first.
    const text = 'stty -echo; head -n 3; echo end';
    const result = await exec(['--tty', '-I', text], { input: 'one\n~.\ntwo\n', holdInput: true });
    expect(result?.status).toBe('ok');
    expect(result?.stdout).toMatch(/one\r\n~\.\r\ntwo\r\nend\r\n$/);
  });

  test.each([
    ['no input', []],
    ['the end of our input', ['-I']],
  ])('%s is no end for what reads from the terminal, as with ssh -tt', async (_, args) => {
    const result = await exec(['--tty', '-u', '2s', '--kill-grace', '1s', ...args, 'cat']);
    expect(result).toMatchObject({ status: 'timed-out', killed: 'confirmed' });
  });

  test('-u ends all of the command, what ignores TERM and HUP too', async () => {
    const sleeps = new Sleeps();
    onTestFinished(async () => {
      for (const { pid } of sleeps.mentioned(await sessionTable())) signalQuietly(pid, 'SIGKILL');
    });
    const stubborn = (row: number): string => `sh -c "trap '' TERM HUP; ${sleeps.command(row)}"`;
    const text = `echo begun; ${stubborn(0)} & ${stubborn(1)}`;
    // Without a master the leash logs in first.
    const limit = transport === 'no-mux' ? '12s' : '2s';
    const result = await exec(['--tty', '-u', limit, '--kill-grace', '1s', text]);
    expect(result).toMatchObject({ status: 'timed-out', killed: 'confirmed', stdout: 'begun\r\n' });
    expect(sleeps.running(await sessionTable(), [0, 1], 1)).toEqual([]);
  });

  test('a signal of the command is told as without a terminal', async () => {
    const result = await exec(['--tty', 'kill -KILL $$']);
    expect(result).toMatchObject({ status: 'signaled', signal: transport === 'mux' ? 'KILL' : null });
  });

  test('--raw sends the words alone all the same', async () => {
    const result = await exec(['--tty', '--raw', 'ps -o args= -p $PPID >/dev/null; tty | cut -c1-5']);
    expect(result?.stdout.trim()).toBe('/dev/');
  });
});
