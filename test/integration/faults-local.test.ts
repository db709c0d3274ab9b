import { execFileSync } from 'node:child_process';
import { chown, lstat, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Fleet, startFleet } from '../fleet/fleet.js';
import { until } from '../fleet/until.js';
import { BIN, type CliResult, parseRun } from './cli.js';
import { BUSY, Scene, TRANSPORTS } from './fault-scene.js';

const NAMES = Array.from({ length: 20 }, (_, index) => `h${index + 1}`);
const IS_ROOT = process.getuid?.() === 0;

let fleet: Fleet;
beforeAll(async () => {
  const own = NAMES.slice(0, 4).map((name) => ({ name }));
  const more = NAMES.slice(4).map((name, index) => ({ name, sameServerAs: `h${(index % 4) + 1}` }));
  fleet = await startFleet({ hosts: [...own, ...more] });
});
afterAll(() => fleet.stop());

const statuses = (result: CliResult): readonly (readonly [string, string | undefined])[] =>
  parseRun(result).results.map(({ status, error }) => [status, error?.message]);

describe.each(TRANSPORTS)('over %s', (transport) => {
  const make = (others: readonly string[] = []) => Scene.make(fleet, transport, 'h1', others);

  if (IS_ROOT) {
    // A mount that this shell and what it starts see, nobody else, and that ends with them.
    const inFullFolder = (scene: Scene, mount: string, script: readonly string[]): string => {
      const text = [
        `mount -t tmpfs -o ${mount},mode=700 tmpfs ${scene.runtime}`,
        `head -c 4000000 /dev/zero >${scene.runtime}/fill 2>/dev/null`,
        `run() { ${process.execPath} ${BIN} -F ${fleet.configPath} -t 30 "$@"; }`,
        ...script,
        'run masters close 2>/dev/null',
        `echo left: $(ls ${scene.runtime} | grep -v ^code[.])`,
      ];
      const args = ['-m', 'sh', '-c', text.join('\n')];
      return execFileSync('unshare', args, { env: scene.env, encoding: 'utf8', timeout: 120_000 });
    };

    test('the disk under the runtime folder is full: no status that is not known', async () => {
      const scene = await make();
      await mkdir(scene.runtime, { mode: 0o700 });
      const one = 'run -H h1,h2 exec --json "echo \\$PSSH_HOST; exit 7"';
      const out = inFullFolder(scene, 'size=64k', [
        one,
        'echo ---',
        one,
        'echo ---',
        `rm ${scene.runtime}/fill`,
        'run -H h1,h2 exec --json true',
        'echo ---',
      ]);
      const [first, second, third, left] = out.split('---');
      for (const text of [first, second]) {
        for (const { host, status, exitCode, stdout, error } of JSON.parse(text ?? '').results) {
          expect(stdout).toBe(`${host}\n`);
          // mux needs no disk; an ssh tells how a command ended in its log alone.
          if (transport === 'mux') expect([status, exitCode, error]).toEqual(['failed', 7, null]);
          else {
            expect([status, exitCode, error?.code]).toEqual(['disconnected', null, 'ERR_DISCONNECTED']);
            expect(error.message).toContain('is the disk full?');
          }
        }
      }
      expect(JSON.parse(third ?? '').summary).toMatchObject({ total: 2, ok: 2 });
      expect(left).toBe('\nleft: swept\n');
      await scene.seeClean();
    });

    test('no file can be made in the runtime folder: one line, exit 1, and well again afterwards', async () => {
      const scene = await make();
      await mkdir(scene.runtime, { mode: 0o700 });
      const out = inFullFolder(scene, 'size=1m,nr_inodes=2', [
        'run -H h1 exec true 2>&1',
        'echo code $?',
        `rm ${scene.runtime}/fill; mount -o remount,nr_inodes=100 ${scene.runtime}`,
        'run -H h1 exec -N "echo well" 2>/dev/null',
      ]);
      expect(out.split('\n')).toEqual([
        expect.stringMatching(/^pssh-ts: the runtime folder \S+ can't be written to: no space left$/),
        'code 1',
        'well',
        'left: swept',
        '',
      ]);
      await scene.seeClean();
    });

    test("a runtime folder that is another user's: passed over, with a note", async () => {
      const scene = await make();
      await mkdir(scene.runtime, { mode: 0o700 });
      await chown(scene.runtime, 65_534, 65_534);
      const done = await scene.exec('true');
      expect(done.of('h1').status).toBe('ok');
      expect(done.cli.err).toContain('user 65534 owns it');
      await rm(scene.runtime, { recursive: true });
      await scene.run(['masters', 'close'], { env: { ...scene.env, XDG_RUNTIME_DIR: undefined } });
      await scene.seeWell();
    });
  }

  test('too few open files: said so for each host, or waited; never a lie', async () => {
    const scene = await make();
    const run = (files: number, args: string): CliResult => {
      const script = `ulimit -n ${files}; exec ${process.execPath} ${BIN} -F ${fleet.configPath} -t 60 ${args}`;
      const started = performance.now();
      let code = 0;
      const stdout = ((): Buffer => {
        try {
          return execFileSync('sh', ['-c', script], { env: scene.env, timeout: 90_000, stdio: 'pipe' });
        } catch (error) {
          code = (error as { status: number }).status;
          return (error as { stdout: Buffer }).stdout;
        }
      })();
      return { code, stdout, out: `${stdout}`, err: '', durationMs: performance.now() - started };
    };
    // Cold and warm: what lacks files must not take a live master for a dead one.
    for (const files of [30, 40, 40, 50]) {
      const done = run(files, "-f 32 -H 'h[1-20]' exec --json 'echo $PSSH_HOST'");
      // 1: our own failure, not the hosts'.
      expect([0, 1, 4]).toContain(done.code);
      for (const { host, status, stdout, error } of parseRun(done).results) {
        if (status === 'ok') expect(stdout).toBe(`${host}\n`);
        else expect([status, error?.message]).toEqual(['unreachable', expect.stringContaining('ulimit -n')]);
      }
    }
    // A fanout that fits them.
    const done = run(40, "-f 3 -H 'h[1-20]' exec --json 'echo $PSSH_HOST'");
    expect(statuses(done)).toEqual(NAMES.map(() => ['ok', undefined]));
    await scene.seeWell();
  }, 300_000);

  test('the runtime folder removed before the run: made again', async () => {
    const scene = await make(['h2']);
    await scene.exec('true', ['--persist', '1']);
    await rm(scene.runtime, { recursive: true });
    const done = await scene.exec('echo $FLEET_HOST', ['--persist', '1']);
    expect(done.all.map(({ status, attempts }) => [status, attempts])).toEqual([
      ['ok', 1],
      ['ok', 1],
    ]);
    expect((await lstat(scene.runtime)).mode & 0o777).toBe(0o700);
    await scene.seeWell();
  });

  test('the runtime folder removed in mid-run: what runs is not touched, what is to start is told', async () => {
    const scene = await make(['h2', 'h3']);
    // At fanout 1 the second and third host begin after the folder has gone.
    const mark = join(scene.dir, 'mark');
    const command = `echo up; touch ${mark}.up; for i in $(seq 300); do test -e ${mark}.go && break; sleep 0.1; done; exit 7`;
    const running = scene.exec(command, ['--persist', '1', '-f', '1']);
    await seeFile(`${mark}.up`);
    await rm(scene.runtime, { recursive: true });
    await writeFile(`${mark}.go`, '');
    const done = await running;
    const [first, ...later] = done.all;
    if (transport === 'mux') expect(first).toMatchObject({ status: 'failed', exitCode: 7, stdout: 'up\n' });
    else expect(first).toMatchObject({ status: 'disconnected', exitCode: null, stdout: 'up\n' });
    for (const result of later) {
      expect(result).toMatchObject({
        error: { code: 'ERR_MASTER', message: expect.stringContaining('removed') },
      });
    }
    expect(later).toHaveLength(2);
    await scene.seeWell();
  });

  test('too long a path: the next folder, with a note; without one a line that says what to do, exit 1', async () => {
    const scene = await make();
    const long = join(scene.dir, 'x'.repeat(100));
    await mkdir(long, { mode: 0o700 });
    const elsewhere = { ...scene.env, XDG_RUNTIME_DIR: long };
    const done = await scene.exec('true', ['--persist', '0'], { env: elsewhere });
    expect(done.of('h1').status).toBe('ok');
    expect(done.cli.err).toContain('a control socket would not fit');
    const nowhere = { ...elsewhere, TMPDIR: long };
    const failed = await scene.run(['-H', 'h1', 'exec', 'true'], { env: nowhere });
    expect([failed.code, failed.out]).toEqual([1, '']);
    expect(failed.err).toMatch(
      /^pssh-ts: no folder for control sockets: .*; set XDG_RUNTIME_DIR to a private folder\n$/,
    );
    await scene.seeWell();
  });
});

async function seeFile(file: string): Promise<void> {
  await until(
    () =>
      lstat(file).then(
        () => true,
        () => false,
      ),
    { ...BUSY, what: file },
  );
}
