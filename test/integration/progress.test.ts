import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { type Fleet, startFleet } from '../fleet/fleet.js';
import { until } from '../fleet/until.js';
import { runCli } from './cli.js';
import { leftovers } from './file-tree.js';
import { Terminal } from './tmux.js';

const BUSY = { deadlineMs: 30_000, everyMs: 50 };
const PROGRESS = /^\d+\/5 done/;

let fleet: Fleet;

beforeAll(async () => {
  fleet = await startFleet({ hosts: 5 });
  await runCli(['-F', fleet.configPath, '-H', 'node[1-5]', 'exec', 'true'], { env: fleet.env });
});
afterAll(async () => {
  await runCli(['masters', 'close'], { env: fleet.env });
  await fleet.stop();
});

async function open(columns: number, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const terminal = await Terminal.open(['-F', fleet.configPath, ...args], { ...fleet.env, ...env }, columns);
  onTestFinished(() => terminal.close());
  return terminal;
}

const lineWith = (terminal: Terminal, pattern: RegExp): Promise<string> =>
  until(async () => (await terminal.lines()).find((line) => pattern.test(line)), {
    ...BUSY,
    what: `${pattern} on the screen`,
  });
const ended = (terminal: Terminal): Promise<string> => lineWith(terminal, /^\[exit \d+\]$/);

// Each host says something while others run, so that output passes above the line.
const TALK = 'for i in 1 2 3; do echo $PSSH_HOST says $i; sleep 1; done';

test.each([
  [40, /^\d\/5 done, \d running(, [^,]+)?$/],
  [80, /^\d\/5 done, \d running, oldest node\d \d+s/],
  [200, /^[1-4]\/5 done, \d running, oldest node\d \d+s, about \d+s left, [\d.]+ a (second|minute)$/],
])(
  'at %i columns the line fits, stands beneath the output, and leaves nothing behind',
  async (columns, shown) => {
    const terminal = await open(columns, ['-f', '2', '-H', 'node[1-5]', 'exec', TALK]);
    const line = await lineWith(terminal, shown);
    expect(line.length).toBeLessThan(columns);
    const { seen } = await until(
      async () => {
        const lines = await terminal.lines();
        // Never twice, and nothing of it among the output.
        const progress = lines.filter((each) => /done,/.test(each));
        expect(progress.length).toBeLessThanOrEqual(1);
        if (progress.length === 1) expect(lines.at(-1)).toMatch(PROGRESS);
        const says = lines.filter((each) => each.includes('says')).length;
        return lines.some((each) => each.startsWith('[exit')) ? { seen: says } : null;
      },
      { ...BUSY, what: 'the end of the run' },
    );
    expect(seen).toBe(15);
    const lines = await terminal.lines();
    expect(lines.filter((each) => !/^node\d: node\d says [123]$/.test(each))).toEqual([
      expect.stringMatching(/^pssh-ts: 5 hosts ok in /),
      '[exit 0]',
    ]);
  },
);

test('a terminal that gets narrower and wider again keeps one line and all output', async () => {
  const terminal = await open(120, ['-f', '2', '-H', 'node[1-5]', 'exec', TALK]);
  await lineWith(terminal, /^\d\/5 done, \d running, oldest/);
  await terminal.resize(30);
  await lineWith(terminal, /^\d\/5 done, \d running$/);
  await terminal.resize(100);
  await ended(terminal);
  const lines = await terminal.lines();
  expect(lines.filter((line) => line.includes('done'))).toEqual([]);
  expect(lines.filter((line) => line.includes('says'))).toHaveLength(15);
});

test('a short run shows none', async () => {
  const terminal = await open(80, ['-H', 'node[1-5]', 'exec', 'echo x']);
  await ended(terminal);
  expect((await terminal.lines()).filter((line) => !/^node\d: x$/.test(line))).toEqual([
    expect.stringMatching(/^pssh-ts: 5 hosts ok/),
    '[exit 0]',
  ]);
});

test('after ^C twice the screen is clean and says what became of each host', async () => {
  const terminal = await open(80, ['-H', 'node[1-5]', 'exec', 'echo begun; sleep 300']);
  await lineWith(terminal, PROGRESS);
  await terminal.press('C-c');
  await lineWith(terminal, /^pssh-ts: still running on/);
  await terminal.press('C-c');
  expect(await ended(terminal)).toBe('[exit 130]');
  const lines = await terminal.lines();
  expect(lines.filter((line) => line.includes('done'))).toEqual([]);
  expect(lines).toContainEqual(expect.stringMatching(/^ {2}canceled: node\[1-5\]/));
});

test('output gathered while the progress is live; CI and --no-progress show none', async () => {
  const args = ['-H', 'node[1-5]', 'exec', '-b', 'sleep 3; echo same'];
  const terminal = await open(80, args);
  await lineWith(terminal, PROGRESS);
  await ended(terminal);
  expect((await terminal.lines()).slice(0, 4)).toEqual([
    '---------------',
    'node[1-5] (5)',
    '---------------',
    'same',
  ]);
  const quiet = [
    await open(80, args, { CI: '1' }),
    await open(80, ['-H', 'node1', 'exec', '--no-progress', 'sleep 3']),
  ];
  for (const each of quiet) {
    await until(
      async () => {
        const lines = await each.lines();
        expect(lines.filter((line) => line.includes('done'))).toEqual([]);
        return lines.some((line) => line.startsWith('[exit'));
      },
      { ...BUSY, what: 'the end' },
    );
  }
});

test('hosts are coloured and aligned, what a host sends to move the cursor is shown', async () => {
  const hostile = String.raw`printf 'a\033[2Jb\rnode1: c\033]0;title\007\342\200\256d\n'`;
  const terminal = await open(80, ['-H', 'node[1-2]', 'exec', hostile]);
  await ended(terminal);
  const lines = (await terminal.lines()).slice(0, 2).sort();
  expect(lines).toEqual(['node1:', 'node2:'].map((name) => `${name} a␛[2Jb␍node1: c␛]0;title␇\\u202ed`));
  expect(await terminal.colored()).toMatch(/\u001b\[36mnode1: /);
});

describe('files on their way', () => {
  const SIZE = 600_000;
  // Four seconds and more a host, all five at once.
  const slow = ['-f', '5', '-H', 'node[1-5]'];
  const files = (...parts: readonly string[]): string => join(fleet.dir, 'files', ...parts);
  beforeAll(() => {
    mkdirSync(files());
    writeFileSync(files('big'), Buffer.alloc(SIZE, 'x'));
  });

  /** Watches the line from its first bytes to the end. @returns what it said, each state once */
  async function watch(terminal: Terminal): Promise<readonly string[]> {
    const said = new Set<string>();
    await until(
      async () => {
        const lines = await terminal.lines();
        const progress = lines.filter((line) => /done,/.test(line));
        expect(progress.length).toBeLessThanOrEqual(1);
        for (const line of progress) said.add(line);
        return lines.some((line) => line.startsWith('[exit'));
      },
      { ...BUSY, what: 'the end of the transfer' },
    );
    return [...said];
  }
  const bytesIn = (line: string): number => {
    const [, size = '', unit = ''] = /([\d.]+)([KM])iB (?:of|moved)/.exec(line) ?? [];
    return Number(size) * (unit === 'M' ? 1024 : 1);
  };

  test.each([
    [
      'put',
      () => ['put', '--limit-rate', '150KiB', files('big'), files('to-{host}')],
      / [\d.]+[KM]iB of 2\.9MiB moved, /,
      (host: string) => files(`to-${host}`),
    ],
    [
      'get',
      () => ['get', '--limit-rate', '150KiB', files('big'), files('got')],
      / [\d.]+[KM]iB moved, /,
      (host: string) => files('got', host, 'big'),
    ],
  ])('%s: hosts and bytes, which grow; gone at the end', async (_, words, moved, place) => {
    const terminal = await open(160, [...slow, ...words()]);
    const said = (await watch(terminal)).filter((line) => moved.test(line));
    const shown = /^\d\/5 done, \d running, .* moved, [\d.]+[KM]iB a second, oldest node\d \d+s/;
    for (const line of said) expect(line).toMatch(shown);
    const sizes = said.map(bytesIn);
    expect(sizes).toEqual([...sizes].sort((one, other) => one - other));
    expect(new Set(sizes).size).toBeGreaterThan(2);
    expect(await terminal.lines()).toEqual([expect.stringMatching(/^pssh-ts: 5 hosts ok in /), '[exit 0]']);
    for (let host = 1; host <= 5; host += 1) expect(statSync(place(`node${host}`)).size).toBe(SIZE);
  });

  test('after ^C twice in the middle of a put the screen is clean, and the old file whole', async () => {
    writeFileSync(files('old'), 'old');
    const words = ['put', '--limit-rate', '20KiB', files('big'), files('old')];
    const terminal = await open(120, ['-H', 'node1', ...words]);
    await lineWith(terminal, / moved, /);
    await terminal.press('C-c');
    await lineWith(terminal, /^pssh-ts: still running on/);
    await terminal.press('C-c');
    expect(await ended(terminal)).toBe('[exit 130]');
    const lines = await terminal.lines();
    expect(lines.filter((line) => /done,| moved/.test(line))).toEqual([]);
    expect(lines).toContainEqual(expect.stringMatching(/^ {2}canceled: node1/));
    expect(readFileSync(files('old'), 'utf8')).toBe('old');
    await until(() => leftovers(files()).length === 0, { ...BUSY, what: 'the temporary file to be gone' });
  });
});
