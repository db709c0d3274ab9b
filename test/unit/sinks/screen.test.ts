import { describe, expect, it } from 'vitest';
import { fitParts } from '../../../src/sinks/fit-parts.js';
import { ProgressSink } from '../../../src/sinks/progress.js';
import { Screen } from '../../../src/sinks/screen.js';
import { Writer } from '../../../src/sinks/writer.js';
import { finished, Memory, makeResult, makeSummary, makeTarget } from '../make.js';

const ERASE = '\r \u001b[J\r';
const line = (text: string): string => `${ERASE}\u001b[?7l${text}\u001b[?7h\r`;

class FakeTerminal extends Memory {
  columns = 80;
}

function open() {
  const terminal = new FakeTerminal();
  const screen = new Screen(terminal);
  const writer = new Writer(terminal, (error) => void Promise.reject(error), screen);
  return { terminal, screen, writer };
}

describe('Screen', () => {
  it('takes the line away before output, and puts it beneath', () => {
    const { terminal, screen, writer } = open();
    screen.show(() => 'status');
    void writer.write('out\n');
    screen.show(() => 'status');
    screen.show(null);
    expect(terminal.text).toBe(`${line('status')}${ERASE}out\n${line('status')}${ERASE}`);
  });

  it('stays away while a line is unfinished', () => {
    const { terminal, screen, writer } = open();
    void writer.write('begun');
    screen.show(() => 'status');
    expect(terminal.text).toBe('begun');
    void writer.write(' and done\n');
    screen.show(() => 'status');
    expect(terminal.text).toBe(
      `begun and done\n${line('status')}`.replace('done\n', `done\n${line('status')}`),
    );
  });

  it('what pssh-ts says begins a line of its own', () => {
    const { terminal, writer } = open();
    void writer.write('begun');
    void writer.writeLines('pssh-ts: note\n');
    void writer.writeLines('');
    expect(terminal.text).toBe('begun\npssh-ts: note\n');
  });

  it('follows the width of the terminal, and listens no more once it is closed', () => {
    const { terminal, screen } = open();
    screen.show((columns) => `${columns} columns`);
    terminal.columns = 40;
    terminal.emit('resize');
    expect(terminal.text).toBe(line('80 columns') + line('40 columns'));
    screen.close();
    terminal.emit('resize');
    expect(terminal.text.endsWith(ERASE)).toBe(true);
    expect(terminal.listenerCount('resize')).toBe(0);
  });

  it('leaves nothing on a terminal that was never drawn on', () => {
    const { terminal, screen } = open();
    screen.close();
    expect(terminal.text).toBe('');
  });
});

describe('fitParts', () => {
  const parts = [
    { text: '1/9 done' },
    { text: '2 failed', shown: '<2 failed>' },
    { text: 'oldest a-long-name' },
    { text: 'x' },
  ];
  it.each<[number, string]>([
    [100, '1/9 done, <2 failed>, oldest a-long-name, x'],
    [38, '1/9 done, <2 failed>, oldest a-long-name'],
    [37, '1/9 done, <2 failed>, x'],
    [18, '1/9 done, <2 failed>'],
    [17, '1/9 done, x'],
    [8, '1/9 done'],
    [4, '1/9 '],
    [0, ''],
    [-1, ''],
  ])('in %i columns', (columns, expected) => {
    expect(fitParts(parts, columns)).toBe(expected);
  });

  it('counts what may be wide as wide', () => {
    expect(fitParts([{ text: 'a' }, { text: '日本' }], 6)).toBe('a');
    expect(fitParts([{ text: 'a' }, { text: '日本' }], 7)).toBe('a, 日本');
  });
});

describe('ProgressSink', () => {
  const targets = ['a', 'b', 'c'].map((name, index) => makeTarget(name, { index }));
  const started = (index: number) =>
    ({ type: 'started', time: 0, target: targets[index] ?? makeTarget(), step: 0, command: 'x' }) as const;

  function progress(isScreen: boolean, bytes: number | null = null) {
    const { terminal, screen, writer } = open();
    const sink = new ProgressSink({
      screen: isScreen ? screen : null,
      stderr: writer,
      color: false,
      hosts: 3,
      steps: 1,
      bytes,
    });
    const begun = performance.now();
    return { terminal, sink, at: (ms: number) => sink.tick(begun + ms) };
  }

  it('appears after a second, counts hosts, and goes with the summary', () => {
    const { terminal, sink, at } = progress(true);
    sink.event(started(0));
    sink.event(started(1));
    at(900);
    expect(terminal.text).toBe('');
    at(1_100);
    expect(terminal.text).toContain('0/3 done, 2 running, oldest a 0s');
    sink.event(finished(makeResult({ target: targets[0] ?? makeTarget(), status: 'failed', exitCode: 1 })));
    at(1_200);
    expect(terminal.text).toContain('1/3 done, 1 running, 1 failed, oldest b 0s');
    sink.event({ type: 'summary', time: 0, summary: makeSummary({ ok: 2, failed: 1 }) });
    expect(terminal.text.endsWith(ERASE)).toBe(true);
  });

  it('tells the bytes that transfers move, how many a second, and what is left by them', () => {
    const { terminal, sink, at } = progress(true, 4 * 1024 * 1024);
    const [a = makeTarget(), b = makeTarget()] = targets;
    sink.event(started(0));
    sink.event(started(1));
    sink.event({ type: 'moved', time: 0, target: a, step: 0, bytes: 512 * 1024 });
    sink.event({ type: 'moved', time: 0, target: b, step: 0, bytes: 512 * 1024 });
    at(2_000);
    expect(terminal.text).toMatch(
      /0\/3 done, 2 running, 1MiB of 4MiB moved, [\d.]+\wiB a second, oldest a \ds/,
    );
    // Of a means that tells nothing on its way; what the events told already counts once.
    const files = [{ source: 'x', dest: 'y', bytes: 2 * 1024 * 1024, changed: true }];
    sink.event(finished(makeResult({ target: a, files })));
    at(2_100);
    expect(terminal.text).toMatch(/1\/3 done, 1 running, 2.5MiB of 4MiB moved, [\d.]+\wiB a second/);
    sink.end();
  });

  it('elsewhere writes lines, ever more seldom', () => {
    const { terminal, sink, at } = progress(false);
    sink.event(started(0));
    const times: number[] = [];
    let lines = 0;
    for (let second = 0; second <= 300; second += 1) {
      at(second * 1000);
      const now = terminal.text.split('\n').length - 1;
      if (now > lines) times.push(second);
      lines = now;
    }
    sink.end();
    expect(times).toEqual([5, 10, 20, 40, 80, 140, 200, 260]);
    expect(terminal.text).toMatch(/^pssh-ts: 0\/3 done, 1 running, oldest a [56]s\n/);
    expect(terminal.text).not.toContain('\u001b');
  });
});
