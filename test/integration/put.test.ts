import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Fleet, startFleet } from '../fleet/fleet.js';
import { type CliOptions, parseRun, runCli } from './cli.js';
import { addLinks, leftovers, makeTree, ODD_NAMES, snapshot } from './file-tree.js';

let fleet: Fleet;
let here: string;
let scenes = 0;

beforeAll(async () => {
  fleet = await startFleet({ hosts: 3 });
});
afterAll(async () => {
  await runCli(['masters', 'close'], { env: fleet.env });
  await fleet.stop();
});
beforeEach(() => {
  scenes += 1;
  here = join(fleet.dir, `scene${scenes}`);
  mkdirSync(join(here, 'remote'), { recursive: true });
});

let transport = 'auto';
const run = (args: readonly string[], options: Partial<CliOptions> = {}) =>
  runCli(['-F', fleet.configPath, '--transport', transport, ...args], { env: fleet.env, cwd: here, ...options });
const remote = (...parts: string[]) => join(here, 'remote', ...parts);

describe.each(['mux', 'process'])('put over %s', (name) => {
  beforeAll(() => {
    transport = name;
  });

  test.each(['auto', 'tar', 'scp'])('a file to a new name, a folder, and over another, by %s', async (via) => {
    writeFileSync(join(here, 'app.ini'), 'one\n', { mode: 0o640 });
    const put = (dest: string) => run(['-H', 'node1', 'put', '--json', '--via', via, 'app.ini', dest]);
    const made = await put(remote('new.ini'));
    expect(made.err).toContain('1 host ok');
    expect(parseRun(made).results[0]).toMatchObject({
      status: 'ok',
      exitCode: null,
      files: [{ source: 'app.ini', dest: remote('new.ini'), bytes: 4, changed: true }],
    });
    expect((await put(remote())).code).toBe(0);
    expect(snapshot(remote()).length).toBe(2);
    expect(readFileSync(remote('app.ini'), 'utf8')).toBe('one\n');
    writeFileSync(join(here, 'app.ini'), 'two\n');
    expect((await put(remote('new.ini'))).code).toBe(0);
    expect(readFileSync(remote('new.ini'), 'utf8')).toBe('two\n');
    expect(leftovers(here)).toEqual([]);
  });

  test('a tree with all kinds of names comes out equal, a second time too', async () => {
    mkdirSync(join(here, 'tree'));
    makeTree(join(here, 'tree'));
    addLinks(join(here, 'tree'));
    for (let round = 0; round < 2; round += 1) {
      const result = await run(['-H', 'node1', 'put', '-r', '-p', '--verify', 'tree', remote()]);
      expect(result.err).toContain('1 host ok');
      expect(snapshot(remote('tree'), { modes: true, times: round === 0 })).toEqual(
        snapshot(join(here, 'tree'), { modes: true, times: round === 0 }),
      );
    }
    expect(leftovers(here)).toEqual([]);
  });
});
