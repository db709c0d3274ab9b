import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { findProgram } from '../fleet/find-sshd.js';
import { type Fleet, startFleet } from '../fleet/fleet.js';
import { BIN, type CliOptions, type CliResult, runCli, runProgram } from './cli.js';

const PAGE = new URL('../../docs/work.md', import.meta.url);
const SCENES = 1000;

let fleet: Fleet;
let here: string;
let temp: string;
let scenes = 0;

beforeAll(async () => {
  const hosts = ['render1', 'render2', 'render3', 'render4', 'render5'];
  fleet = await startFleet({ hosts: hosts.map((name) => ({ name, sshd: ['AcceptEnv TMPDIR'] })) });
});
afterAll(async () => {
  await runCli(['masters', 'close'], { env: fleet.env });
  await fleet.stop();
});
beforeEach(async () => {
  scenes += 1;
  here = join(fleet.dir, `scene${scenes}`);
  temp = join(here, 'tmp');
  mkdirSync(temp, { recursive: true });
  // A temp folder of the hosts that is this test's alone.
  await runCli(['masters', 'close'], { env: fleet.env });
});

let transport = 'auto';
const map = (hosts: string, args: readonly string[], options: Partial<CliOptions> = {}): Promise<CliResult> =>
  runCli(
    [
      '-F',
      fleet.configPath,
      '-t',
      '60',
      '--transport',
      transport,
      '-o',
      'SendEnv=TMPDIR',
      '-H',
      hosts,
      'map',
      ...args,
    ],
    { env: { ...fleet.env, TMPDIR: temp }, cwd: here, ...options },
  );
const write = (name: string, text: string): void => {
  mkdirSync(join(here, name, '..'), { recursive: true });
  writeFileSync(join(here, name), text);
};
const read = (name: string): string => readFileSync(join(here, name), 'utf8');
/** What the hosts' temp folder holds of ours. */
const left = (): string[] => readdirSync(temp).filter((name) => name.startsWith('pssh-ts-'));

describe.each(['mux', 'process'])('over %s', (name) => {
  beforeAll(() => {
    transport = name;
  });

  test("a task's files go there and come back, under the same names; nothing is left", async () => {
    for (const value of ['in/a b', 'in/c', '../x'])
      write(value === '../x' ? 'sub/../x' : value, `of ${value}`);
    write('sub/y', 'folder');
    const args = [
      ...['--put', '{}', '--put', 'sub', '--get', '{}.out', '--json'],
      ...['cat {} sub/y > {}.out; pwd; ls', ':::', 'in/a b', 'in/c'],
    ];
    const result = await map('render1,render2', args);
    expect([result.code, result.err]).toEqual([0, expect.stringContaining('2 tasks ok')]);
    expect([read('in/a b.out'), read('in/c.out')]).toEqual(['of in/a bfolder', 'of in/cfolder']);
    const { results } = JSON.parse(result.out) as {
      results: { stdout: string; files: { bytes: number; changed: boolean }[] }[];
    };
    for (const { stdout, files } of results) {
      // A folder of its own, with nothing in it but its files.
      expect(stdout).toMatch(/\/pssh-ts-[0-9a-f]{18}\/\d+\.\d+\nin\nsub\n$/);
      expect(files).toHaveLength(3);
    }
    expect(left()).toEqual([]);
  });

  test("--workdir host is one folder for all tasks of a host, --workdir PATH is the user's", async () => {
    const args = ['--workdir', 'host', '-k', 'echo {} >> all; wc -l < all', ':::', '1', '2', '3'];
    expect((await map('render1', args)).out.replaceAll(' ', '')).toBe('1\n2\n3\n');
    expect(left()).toEqual([]);
    mkdirSync(join(here, 'theirs'));
    write('f', 'x');
    const theirs = [
      '--workdir',
      join(here, 'theirs'),
      '--put',
      '{}',
      '--get',
      'g',
      '--to',
      'back',
      'cp {} g',
      ':::',
      'f',
    ];
    expect((await map('render1', theirs)).code).toBe(0);
    expect([read('theirs/f'), read('back/g')]).toEqual(['x', 'x']);
  });

  test('what is missing fails its task: here at once, on the host after the retries', async () => {
    write('there', 'x');
    const args = [
      '--put',
      '{}',
      '--get',
      '{}.out',
      '--retries',
      '1',
      '--json',
      'cp {} {}.ou',
      ':::',
      'missing',
      'there',
    ];
    const result = await map('render[1-2]', args);
    const { results } = JSON.parse(result.out) as {
      results: { seq: number; status: string; tries: number; error: { code: string; message: string } }[];
    };
    const [missing, there] = [1, 2].map((seq) => results.find((one) => one.seq === seq));
    expect(missing).toMatchObject({ status: 'failed', tries: 1, error: { code: 'ERR_TRANSFER' } });
    expect(missing?.error.message).toContain('there is no such file');
    expect(there).toMatchObject({ status: 'failed', tries: 2, error: { code: 'ERR_TRANSFER' } });
    expect(result.code).toBe(5);
    expect(left()).toEqual([]);
  });

  test('the time of a task counts its files, and an end by time leaves nothing', async () => {
    write('f', 'x');
    const args = ['--put', '{}', '-u', '1', '--kill-grace', '1', '--json', 'sleep 300; : {}', ':::', 'f'];
    const result = await map('render1', args);
    expect(JSON.parse(result.out)).toMatchObject({ results: [{ status: 'timed-out', killed: 'confirmed' }] });
    expect(left()).toEqual([]);
  });
});

test("a thousand pictures on five hosts, by the guide's own line", { timeout: 300_000 }, async () => {
  const [, line = ''] = /<!-- render -->\n```sh\n(.*?)\n```/s.exec(readFileSync(PAGE, 'utf8')) ?? [];
  expect(line).toContain('pssh-ts');
  write('render.sh', 'test -f "$1" || exit 7\nprintf "picture of " > "$2" && cat "$1" >> "$2"\n');
  const names = Array.from({ length: SCENES }, (_, place) => `scenes/${String(place + 1).padStart(4, '0')}`);
  for (const scene of names) write(`${scene}.scene`, `the ${scene}\n`);
  // The line names no ssh_config and no path: these are the machine's.
  const bin = join(here, 'bin');
  mkdirSync(bin);
  const programs = {
    ssh: `exec ${findProgram('ssh')} -F ${fleet.configPath} -o ConnectTimeout=60 "$@"`,
    'pssh-ts': `exec ${process.execPath} ${BIN} -t 60 "$@"`,
  };
  for (const [program, text] of Object.entries(programs)) {
    writeFileSync(join(bin, program), `#!/bin/sh\n${text}\n`);
    chmodSync(join(bin, program), 0o755);
  }
  const env = { ...fleet.env, PATH: `${bin}${delimiter}${fleet.env.PATH}` };
  const ran = await runProgram('sh', ['-c', line], { env, cwd: here, deadlineMs: 280_000 });
  expect([ran.code, ran.out]).toEqual([0, '']);
  expect(ran.err).toContain(`${SCENES} tasks ok on 5 hosts`);
  for (const scene of names) expect(read(`${scene}.png`)).toBe(`picture of the ${scene}\n`);
  const log = read('render.log')
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((entry) => entry.split('\t'));
  expect(new Set(log.map(([, host]) => host)).size).toBe(5);
  expect(log.every(([, , , , sent, received]) => Number(sent) > 0 && Number(received) > 0)).toBe(true);
  // The same again has nothing to do.
  const again = await runProgram('sh', ['-c', line.replace('map ', 'map --resume ')], { env, cwd: here });
  expect([again.code, again.err]).toEqual([0, expect.stringContaining(`${SCENES} done before`)]);
  expect(existsSync(join(here, 'render.log'))).toBe(true);
});
