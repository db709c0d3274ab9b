import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { Writer } from '../../../src/sinks/writer.js';
import { memoryWriter } from '../make.js';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A stream whose reader takes nothing until it is let. */
function slow(): { readonly stream: Writable; readonly taken: string[]; readonly letGo: () => void } {
  const taken: string[] = [];
  const waiting: (() => void)[] = [];
  const stream = new Writable({
    highWaterMark: 4,
    write(chunk: Buffer, _encoding, done) {
      waiting.push(() => {
        taken.push(`${chunk}`);
        done();
      });
    },
  });
  return { stream, taken, letGo: () => waiting.shift()?.() };
}

function broken(code: string): Writable {
  return new Writable({
    autoDestroy: false,
    write(_chunk, _encoding, done) {
      done(Object.assign(new Error(`write ${code}`), { code }));
    },
  });
}

describe('Writer', () => {
  it('writes bytes and text at once, and gives no promise while there is room', () => {
    const { writer, memory } = memoryWriter();
    expect(writer.write('é')).toBeUndefined();
    expect(writer.write(Uint8Array.from([0xff]))).toBeUndefined();
    expect(memory.bytes).toEqual(Buffer.from([0xc3, 0xa9, 0xff]));
  });

  it('holds its writers back until the stream takes more', async () => {
    const { stream, taken, letGo } = slow();
    const writer = new Writer(stream, () => undefined);
    let drained = 0;
    const waits = ['12345', '6', '7'].map((text) =>
      Promise.resolve(writer.write(text)).then(() => (drained += 1)),
    );
    await turn();
    expect(drained).toBe(0);
    while (taken.length < 3) {
      letGo();
      await turn();
    }
    await Promise.all(waits);
    expect(taken).toEqual(['12345', '6', '7']);
    expect(writer.write('8')).toBeUndefined();
  });

  it('adds no listeners, however many wait (a thousand hosts)', () => {
    const { stream } = slow();
    const writer = new Writer(stream, () => undefined);
    for (let count = 0; count < 1000; count += 1) void writer.write('12345');
    expect(stream.listenerCount('drain')).toBe(1);
    expect(stream.listenerCount('error')).toBe(2);
  });

  it('tells once that the reader went away (EPIPE), and then takes whatever comes', async () => {
    const told: (string | undefined)[] = [];
    const stream = broken('EPIPE');
    const writer = new Writer(stream, (error: NodeJS.ErrnoException) => told.push(error.code));
    for (let count = 0; count < 5; count += 1) void writer.write('x');
    await turn();
    for (let count = 0; count < 5; count += 1) expect(writer.write('x')).toBeUndefined();
    await writer.flush();
    // A pipe may say it again for each write that was on its way.
    stream.emit('error', Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
    await turn();
    expect(told).toEqual(['EPIPE']);
  });

  it('lets go of those who wait when the stream fails', async () => {
    const { stream } = slow();
    const told: string[] = [];
    const writer = new Writer(stream, (error) => told.push(error.message));
    const wait = writer.write('12345');
    stream.destroy(new Error('gone'));
    await wait;
    expect(told).toEqual(['gone']);
  });

  it('lets go of those who wait, and of those who come later, when the stream is closed without an error', async () => {
    const { stream } = slow();
    const told: string[] = [];
    const writer = new Writer(stream, (error) => told.push(error.message));
    const wait = writer.write('12345');
    stream.destroy();
    await wait;
    await writer.write('later');
    await writer.flush();
    expect(told).toEqual([]);
  });

  it('flush waits until all is out', async () => {
    const { stream, taken, letGo } = slow();
    const writer = new Writer(stream, () => undefined);
    void writer.write('12345');
    void writer.write('678');
    let flushed = false;
    const done = writer.flush().then(() => {
      flushed = true;
    });
    await turn();
    expect(flushed).toBe(false);
    while (!flushed) {
      letGo();
      await turn();
    }
    await done;
    expect(taken.join('')).toBe('12345678');
  });

  it('flush ends when the stream fails under it', async () => {
    const writer = new Writer(broken('ENOSPC'), () => undefined);
    await writer.flush();
  });

  it('nothing comes between the pieces of one whole, and what waited comes after', async () => {
    const { stream, taken, letGo } = slow();
    const writer = new Writer(stream, () => undefined);
    const made: string[] = [];
    const pieces = function* () {
      for (const piece of ['aaaa', 'bbbb', 'cccc']) {
        made.push(piece);
        yield piece;
      }
    };
    const all = [
      writer.writeAll(pieces()),
      Promise.resolve(writer.write('x')),
      writer.writeAll(['dddd', 'eeee']),
      Promise.resolve(writer.write('y')),
    ];
    await turn();
    // Each is made when there is room for it.
    expect(made).toEqual(['aaaa']);
    while (taken.length < 7) {
      letGo();
      await turn();
    }
    await Promise.all(all);
    const order = taken.join('');
    expect(order).toContain('aaaabbbbcccc');
    expect(order).toContain('ddddeeee');
    expect([...order.replace(/[a-e]/g, '')].sort()).toEqual(['x', 'y']);
  });

  it('a whole that fails is told to its writer alone', async () => {
    const { writer, memory } = memoryWriter();
    const pieces = function* () {
      yield 'a';
      throw new Error('gone');
    };
    const failing = writer.writeAll(pieces());
    const after = writer.write('b');
    await expect(failing).rejects.toThrow('gone');
    await after;
    await writer.flush();
    expect(memory.text).toBe('ab');
  });

  it('abandon ends a whole that waits', async () => {
    const { stream } = slow();
    const writer = new Writer(stream, () => undefined);
    stream.on('error', () => undefined);
    const all = writer.writeAll(['aaaa', 'bbbb', 'cccc']);
    await turn();
    expect(writer.abandon()).toBe(true);
    await all;
    await writer.flush();
  });
});
