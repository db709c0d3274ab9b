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
