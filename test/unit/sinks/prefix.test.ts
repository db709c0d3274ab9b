import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { memoryStore } from '../../../src/core/output.js';
import { PrefixSink, prefixLines } from '../../../src/sinks/prefix.js';
import { finished, makeResult, makeTarget, memoryWriter, outputEvent } from '../make.js';

const SHORT = makeTarget('a');
const LONG = makeTarget('root@web10', { index: 1 });

function sink(traits: { readonly terminal?: boolean; readonly color?: boolean } = {}) {
  const [out, err] = [memoryWriter(), memoryWriter()];
  const { terminal = false, color = false } = traits;
  const subject = new PrefixSink({
    stdout: out.writer,
    stderr: err.writer,
    targets: [SHORT, LONG],
    store: memoryStore,
    terminal: { stdout: terminal, stderr: terminal },
    color: { stdout: color, stderr: color },
  });
  return { subject, out: out.memory, err: err.memory };
}

describe('prefixLines', () => {
  const lines = (text: string): string => `${prefixLines(Buffer.from('h: '), Buffer.from(text))}`;

  it.each<[string, string]>([
    ['a\n', 'h: a\n'],
    ['a\nb\n', 'h: a\nh: b\n'],
    ['a', 'h: a\n'],
    ['\n', 'h: \n'],
    ['\n\na', 'h: \nh: \nh: a\n'],
    ['a\r\n', 'h: a\r\n'],
  ])('%j', (text, expected) => {
    expect(lines(text)).toBe(expected);
  });

  it('changes no byte of the lines', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1 }), (data) => {
        const text = Buffer.from(data).toString('latin1');
        const expected = text
          .replace(/\n$/, '')
          .split('\n')
          .map((line) => `h: ${line}\n`);
        expect(Buffer.from(prefixLines(Buffer.from('h: '), data)).toString('latin1')).toBe(expected.join(''));
      }),
    );
  });
});

describe('PrefixSink', () => {
  it('to a pipe: the label, a blank, the bytes as they are, each stream to its own', () => {
    const { subject, out, err } = sink();
    void subject.event(outputEvent(Buffer.from([0x1b, 0xff, 0x00, 0x0a]), { target: SHORT }));
    void subject.event(outputEvent('x\ny\n', { target: LONG, stream: 'stderr' }));
    expect(out.bytes).toEqual(Buffer.concat([Buffer.from('a: '), Buffer.from([0x1b, 0xff, 0x00, 0x0a])]));
    expect(err.text).toBe('root@web10: x\nroot@web10: y\n');
  });

  it('on a terminal: aligned, and control characters made harmless', () => {
    const { subject, out } = sink({ terminal: true });
    void subject.event(outputEvent('x\u001b[2J\n', { target: SHORT }));
    void subject.event(outputEvent('y\n', { target: LONG }));
    expect(out.text).toBe('a:          x␛[2J\nroot@web10: y\n');
  });

  it('coloured: the prefix alone, never red, which failures use', () => {
    const { subject, out } = sink({ terminal: true, color: true });
    void subject.event(outputEvent('x\n', { target: SHORT }));
    void subject.event(outputEvent('y\n', { target: LONG }));
    expect(out.text).toBe('\u001b[36ma:          \u001b[0mx\n\u001b[32mroot@web10: \u001b[0my\n');
    for (let index = 0; index < 20; index += 1)
      void subject.event(outputEvent('z\n', { target: makeTarget('a', { index }) }));
    expect(out.text).not.toMatch(/\u001b\[[39]1m/);
  });

  it('writes one event in one piece, so that no other can come between its lines', () => {
    const { subject, out } = sink();
    void subject.event(outputEvent('1\n2\n3\n', { target: SHORT }));
    expect(out.writes).toHaveLength(1);
  });

  it('writes nothing for what is no output', () => {
    const { subject, out, err } = sink();
    void subject.event(finished(makeResult()));
    expect(out.text + err.text).toBe('');
  });
});

describe('PrefixSink and lines in pieces', () => {
  const done = (target = SHORT) => finished(makeResult({ target }));

  it('a line that came in pieces is written whole, others in the meantime', async () => {
    const { subject, out } = sink();
    await subject.event(outputEvent('be', { target: SHORT }));
    await subject.event(outputEvent('gun', { target: SHORT }));
    await subject.event(outputEvent('other\n', { target: LONG }));
    await subject.event(outputEvent(' done\nnext\n', { target: SHORT }));
    expect(out.text).toBe('root@web10: other\na: begun done\na: next\n');
  });

  it('a last line without an end is written when the host is done, each stream to its own', async () => {
    const { subject, out, err } = sink();
    await subject.event(outputEvent('last', { target: SHORT }));
    await subject.event(outputEvent('words', { target: SHORT, stream: 'stderr' }));
    expect(out.text + err.text).toBe('');
    await subject.event(done());
    await subject.event(done());
    expect([out.text, err.text]).toEqual(['a: last\n', 'a: words\n']);
  });

  it('a character that is cut between two pieces comes through on a terminal', async () => {
    const { subject, out } = sink({ terminal: true });
    const bytes = Buffer.from('€\u001b[31mred');
    for (const byte of bytes) await subject.event(outputEvent(Buffer.from([byte]), { target: SHORT }));
    await subject.event(done());
    expect(out.text).toBe('a:          €\u001b[31mred\u001b[0m\n');
  });

  it('a line of more than 64 MiB goes on in a line of its own', async () => {
    const { subject, out } = sink();
    const piece = Buffer.alloc(24 * 1024 * 1024, 'x');
    for (let count = 0; count < 3; count += 1) await subject.event(outputEvent(piece, { target: SHORT }));
    await subject.event(outputEvent('end\n', { target: SHORT }));
    const lines = out.bytes.toString('latin1').split('\n');
    expect(lines.map(({ length }) => length)).toEqual([3 + 2 * piece.length, 3 + piece.length + 3, 0]);
  });

  it('many lines are joined as few are', () => {
    const text = Array.from({ length: 300 }, (_, index) => `line ${index} \u00ff\n`).join('');
    const expected = text.replace(/^(?=.)/gm, 'h: ');
    expect(Buffer.from(prefixLines(Buffer.from('h: '), Buffer.from(text))).toString()).toBe(expected);
  });
});
