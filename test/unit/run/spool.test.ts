import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { setImmediate as turn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Spool } from '../../../src/run/spool.js';

let folder: string;
const before = process.env.TMPDIR;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pt-'));
  process.env.TMPDIR = folder;
});
afterEach(() => {
  if (before === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = before;
  rmSync(folder, { recursive: true });
});

/** Reads `count` bytes and no more. */
async function some(reader: Readable, count: number): Promise<Buffer> {
  const taken: Buffer[] = [];
  for (let left = count; left > 0; ) {
    const chunk = reader.read(Math.min(left, reader.readableLength || left)) as Buffer | null;
    if (chunk === null) await new Promise((resolve) => reader.once('readable', resolve));
    else {
      taken.push(chunk);
      left -= chunk.length;
    }
  }
  return Buffer.concat(taken);
}

describe('Spool', () => {
  it('gives several readers the whole input, each at its own pace', async () => {
    const bytes = randomBytes(1_000_000);
    const source = new PassThrough();
    const spool = await Spool.open(source, () => undefined);
    const quick = buffer(spool.reader());
    const slow = spool.reader();
    source.write(bytes.subarray(0, 300_000));
    expect(await some(slow, 10)).toEqual(bytes.subarray(0, 10));
    source.end(bytes.subarray(300_000));
    // The slow one has stopped; the quick one gets to the end all the same.
    expect((await quick).equals(bytes)).toBe(true);
    const late = buffer(spool.reader());
    expect((await buffer(slow)).equals(bytes.subarray(10))).toBe(true);
    expect((await late).equals(bytes)).toBe(true);
    await spool.close();
  });

  it('hands on what is there while the source goes on', async () => {
    const source = new PassThrough();
    const spool = await Spool.open(source, () => undefined);
    const reader = spool.reader();
    source.write('first');
    expect(`${await some(reader, 5)}`).toBe('first');
    source.end('second');
    expect(`${await buffer(reader)}`).toBe('second');
    await spool.close();
  });

  it('takes text as well, and nothing', async () => {
    const text = await Spool.open(Readable.from(['é', 'ü\n']), () => undefined);
    expect(`${await buffer(text.reader())}`).toBe('éü\n');
    await text.close();
    const empty = await Spool.open(Readable.from([]), () => undefined);
    expect(await buffer(empty.reader())).toHaveLength(0);
    await empty.close();
  });

  it('a source that fails fails every reader, after what came before', async () => {
    const source = new PassThrough();
    const told: string[] = [];
    const spool = await Spool.open(source, (error) => told.push(error.message));
    const [waiting, later] = [spool.reader(), spool.reader()];
    source.write('half');
    expect(`${await some(waiting, 4)}`).toBe('half');
    const failed = buffer(waiting);
    source.destroy(new Error('the disk is gone'));
    await expect(failed).rejects.toThrow('the disk is gone');
    expect(told).toEqual(['the disk is gone']);
    // It reads ahead, and may fail before anybody waits for it.
    later.on('error', () => undefined);
    expect(`${await some(later, 4)}`).toBe('half');
    await expect(buffer(later)).rejects.toThrow('the disk is gone');
    await spool.close();
  });

  it('close lets a reader that waits go, and the source', async () => {
    const source = new PassThrough();
    const spool = await Spool.open(source, () => undefined);
    const reader = spool.reader();
    source.write('x');
    expect(`${await some(reader, 1)}`).toBe('x');
    const rest = buffer(reader);
    await spool.close();
    expect(await rest).toHaveLength(0);
    expect(source.destroyed).toBe(true);
  });

  it('a reader that is given up harms nobody', async () => {
    const source = new PassThrough();
    const spool = await Spool.open(source, () => undefined);
    const [gone, stays] = [spool.reader(), spool.reader()];
    gone.resume();
    const whole = buffer(stays);
    source.write('a');
    await turn();
    gone.destroy();
    source.end('b');
    expect(`${await whole}`).toBe('ab');
    await spool.close();
  });

  it('a disk that is full in the middle of a write fails the readers, it does not cut the input', () => {
    // The shell's limit on a file's size stands for the disk: a write over it is cut, the next one fails.
    const fixture = fileURLToPath(new URL('./spool-to-the-limit.ts', import.meta.url));
    const command = 'ulimit -f 2048; exec "$0" --import tsx "$1"';
    const ran = spawnSync('sh', ['-c', command, process.execPath, fixture], {
      encoding: 'utf8',
      timeout: 60_000,
    });
    expect([ran.stdout, ran.stderr, ran.status]).toEqual(['EFBIG\n', '', 0]);
  }, 60_000);

  it('has no name in the temp folder, from the start', async () => {
    const spool = await Spool.open(new PassThrough(), () => undefined);
    expect(readdirSync(folder)).toEqual([]);
    await spool.close();
  });
});
