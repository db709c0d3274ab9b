import {
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../../../src/core/events.js';
import type { Target } from '../../../src/core/target.js';
import { FilesSink } from '../../../src/sinks/files.js';
import type { FolderMode } from '../../../src/sinks/output-folder.js';
import { finished, makeResult, makeTarget, outputEvent } from '../make.js';
import { tempFolder } from '../temp-folder.js';

const folder = tempFolder();
const out = (): string => folder.file('out');
const read = (name: string): string => readFileSync(`${out()}/${name}`, 'utf8');
const files = (): readonly string[] =>
  readdirSync(out())
    .filter((name) => name !== '.pssh-ts.json')
    .sort();

function sink(targets: readonly Target[], mode: FolderMode = 'fresh'): FilesSink {
  return new FilesSink({ option: '--outdir', folder: out(), mode, stream: 'stdout', targets });
}

const started = (target: Target, step = 0): RunEvent => ({
  type: 'started',
  time: 0,
  target,
  step,
  command: 'x',
});
const web1 = makeTarget('web1');

/** One command of one host, from its start to its end. */
async function play(subject: FilesSink, target: Target, text: string, step = 0): Promise<void> {
  await subject.event(started(target, step));
  if (text !== '') await subject.event(outputEvent(text, { target, step }));
  await subject.event(finished(makeResult({ target, step })));
}

describe('FilesSink', () => {
  it('has a file a host, bytes exact, steps in order, the other stream left alone', async () => {
    const subject = sink([web1]);
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    await subject.event(started(web1));
    await subject.event(outputEvent(bytes, { target: web1 }));
    await subject.event(outputEvent('not this', { target: web1, stream: 'stderr' }));
    await subject.event(finished(makeResult({ target: web1 })));
    expect(readFileSync(`${out()}/web1`).equals(bytes)).toBe(true);
    await play(subject, web1, 'second', 1);
    await subject.end();
    expect(readFileSync(`${out()}/web1`).equals(Buffer.concat([bytes, Buffer.from('second')]))).toBe(true);
  });

  it('makes an empty file for a host that said nothing, none for one where nothing was started', async () => {
    const web2 = makeTarget('web2', { index: 1 });
    const subject = sink([web1, web2]);
    await play(subject, web1, '');
    await subject.event(finished(makeResult({ target: web2, status: 'unreachable' })));
    await subject.end();
    expect(files()).toEqual(['web1']);
  });

  it('writes as it arrives', async () => {
    const subject = sink([web1]);
    await subject.event(started(web1));
    await subject.event(outputEvent('first\n'));
    expect(read('web1')).toBe('first\n');
    await subject.event(outputEvent('second\n'));
    expect(read('web1')).toBe('first\nsecond\n');
    await subject.end();
  });

  it('serves more hosts than it keeps files open for', async () => {
    const targets = Array.from({ length: 600 }, (_, index) => makeTarget(`n${index}`, { index }));
    const subject = sink(targets);
    await Promise.all(targets.map((target) => subject.event(started(target))));
    for (let round = 0; round < 3; round += 1)
      await Promise.all(
        targets.map((target) => subject.event(outputEvent(`${target.host} ${round}\n`, { target }))),
      );
    // One descriptor of its own goes to reading the list.
    if (process.platform === 'linux') expect(ownDescriptors()).toBeLessThanOrEqual(129);
    await Promise.all(targets.map((target) => subject.event(finished(makeResult({ target })))));
    await subject.end();
    expect(files()).toHaveLength(600);
    for (const { host } of targets) expect(read(host)).toBe(`${host} 0\n${host} 1\n${host} 2\n`);
    if (process.platform === 'linux') expect(ownDescriptors()).toBe(0);
  });

  it('refuses a folder with anything in it, and changes nothing there', () => {
    mkdirSync(out());
    writeFileSync(`${out()}/mine`, 'precious');
    expect(() => sink([web1])).toThrow(
      expect.objectContaining({
        code: 'ERR_USAGE',
        message: expect.stringContaining('--append or --overwrite'),
      }),
    );
    expect(readdirSync(out())).toEqual(['mine']);
  });

  it('--append adds, --overwrite takes the earlier run away and nothing else', async () => {
    const web2 = makeTarget('web2');
    const first = sink([web1]);
    await play(first, web1, 'one\n');
    await first.end();
    writeFileSync(`${out()}/mine`, 'precious');
    const second = sink([web1], 'append');
    await play(second, web1, 'two\n');
    await second.end();
    expect(read('web1')).toBe('one\ntwo\n');
    const third = sink([web2], 'overwrite');
    await play(third, web2, 'three\n');
    await third.end();
    expect(files()).toEqual(['mine', 'web2']);
    const fourth = sink([web2], 'overwrite');
    await play(fourth, web2, '4');
    await fourth.end();
    expect(read('web2')).toBe('4');
  });

  it('says which host each file is of', async () => {
    const target = makeTarget('Web1', { label: 'deploy@Web1:22' });
    const subject = sink([target]);
    await play(subject, target, 'x');
    await subject.end();
    const [name = ''] = files();
    expect(name).toMatch(/^deploy@Web1%3a22~[0-9a-f]{16}$/);
    expect(JSON.parse(read('.pssh-ts.json'))).toEqual({
      schema: 'pssh-ts/outdir@1',
      files: { [name]: 'deploy@Web1:22' },
    });
  });

  it('a list that somebody changed leads nowhere else', async () => {
    mkdirSync(out());
    writeFileSync(folder.file('outside'), 'precious');
    const names = { '../outside': 'x', '..': 'x', '.': 'x', '/etc/x': 'x' };
    writeFileSync(`${out()}/.pssh-ts.json`, JSON.stringify({ schema: 'pssh-ts/outdir@1', files: names }));
    const subject = sink([web1], 'overwrite');
    await subject.event(started(web1));
    await subject.end();
    expect(readFileSync(folder.file('outside'), 'utf8')).toBe('precious');
  });

  it('--overwrite takes nothing away where nothing is run after all', async () => {
    const first = sink([web1]);
    await play(first, web1, 'one\n');
    await first.end();
    sink([web1], 'overwrite').discard();
    expect(read('web1')).toBe('one\n');
  });

  it('--overwrite takes the earlier files away where no host can be reached', async () => {
    const first = sink([web1]);
    await play(first, web1, 'one\n');
    await first.end();
    const second = sink([web1], 'overwrite');
    await second.event(finished(makeResult({ target: web1, status: 'unreachable' })));
    await second.end();
    expect(files()).toEqual([]);
  });

  it('loses nothing that comes when a write has just ended', async () => {
    const subject = sink([web1]);
    const writes: Promise<void>[] = [];
    for (let turn = 0; turn < 2_000; turn += 1) {
      const wait = subject.event(outputEvent(`${turn}\n`));
      writes.push(Promise.resolve(wait));
      // So many microtasks later as a write takes to tell of its end, and some.
      for (let later = turn % 8; later > 0; later -= 1) await null;
      if (turn % 8 === 7) await wait;
    }
    await Promise.all(writes);
    await subject.end();
    expect(read('web1')).toBe(Array.from({ length: 2_000 }, (_, turn) => `${turn}\n`).join(''));
  });

  it('follows no link that lies in the place of a file', async () => {
    mkdirSync(out());
    writeFileSync(folder.file('outside'), 'precious');
    symlinkSync('../outside', `${out()}/web1`);
    const subject = sink([web1], 'overwrite');
    await expect(subject.event(started(web1))).rejects.toThrow(
      /^--outdir: .*web1" can't be written: .*ELOOP/,
    );
    expect(readFileSync(folder.file('outside'), 'utf8')).toBe('precious');
  });

  it('tells once that the folder is gone', async () => {
    const web2 = makeTarget('web2', { index: 1 });
    const subject = sink([web1, web2]);
    await subject.event(started(web1));
    rmSync(out(), { recursive: true });
    await subject.event(outputEvent('into nothing\n'));
    await expect(subject.event(finished(makeResult()))).rejects.toThrow(
      /^--outdir: .*web1" can't be written: no such file or directory \(ENOENT\)$/,
    );
    await subject.event(started(web2));
    await subject.end();
  });

  it('takes away what it made where nothing is run after all', () => {
    const subject = new FilesSink({
      option: '--outdir',
      folder: folder.file('a/b'),
      mode: 'fresh',
      stream: 'stdout',
      targets: [web1],
    });
    subject.discard();
    expect(readdirSync(folder.path)).toEqual([]);
  });

  it.each([['a file', () => writeFileSync(out(), ''), /can't be used: it is a file/]])(
    'refuses %s',
    (_, prepare, reason) => {
      prepare();
      expect(() => sink([web1])).toThrow(
        expect.objectContaining({ code: 'ERR_USAGE', message: expect.stringMatching(reason) }),
      );
    },
  );
});

/** Descriptors of this process that point into the folder. */
function ownDescriptors(): number {
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith(`${out()}/n`);
    } catch {
      return false;
    }
  }).length;
}
