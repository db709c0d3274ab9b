import { describe, expect, it } from 'vitest';
import { PlainSink } from '../../../src/sinks/plain.js';
import { finished, makeResult, makeTarget, memoryWriter, outputEvent } from '../make.js';

const A = makeTarget('a');
const B = makeTarget('b', { index: 1 });

function sink(terminal = false) {
  const [out, err] = [memoryWriter(), memoryWriter()];
  const subject = new PlainSink({
    stdout: out.writer,
    stderr: err.writer,
    terminal: { stdout: terminal, stderr: terminal },
  });
  return { subject, out: out.memory, err: err.memory };
}

describe('PlainSink', () => {
  it('writes the bytes as they are', () => {
    const { subject, out, err } = sink();
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    void subject.event(outputEvent(bytes, { target: A, partial: true }));
    void subject.event(outputEvent('e\n', { target: A, stream: 'stderr' }));
    expect(out.bytes).toEqual(bytes);
    expect(err.text).toBe('e\n');
  });

  it("puts a newline only where another host's output would go on in an unfinished line", () => {
    const { subject, out } = sink();
    void subject.event(outputEvent('1', { target: A }));
    void subject.event(outputEvent('2\n', { target: A }));
    void subject.event(outputEvent('3', { target: A }));
    void subject.event(outputEvent('4\n', { target: B }));
    void subject.event(outputEvent('5', { target: A }));
    expect(out.text).toBe('12\n3\n4\n5');
  });

  it('keeps the streams apart', () => {
    const { subject, out, err } = sink();
    void subject.event(outputEvent('1', { target: A }));
    void subject.event(outputEvent('2\n', { target: B, stream: 'stderr' }));
    void subject.event(outputEvent('3', { target: A }));
    expect([out.text, err.text]).toEqual(['13', '2\n']);
  });

  it('makes it harmless on a terminal', () => {
    const { subject, out } = sink(true);
    void subject.event(outputEvent('\u001b]0;x\u0007\n', { target: A }));
    expect(out.text).toBe('␛]0;x␇\n');
  });

  it('writes nothing for what is no output', () => {
    const { subject, out, err } = sink();
    void subject.event(finished(makeResult()));
    expect(out.text + err.text).toBe('');
  });
});
