import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../../../src/core/events.js';
import { memoryStore } from '../../../src/core/output.js';
import type { HostResult } from '../../../src/core/result.js';
import { DiffSink } from '../../../src/sinks/diff.js';
import { GatherSink } from '../../../src/sinks/gather.js';
import { InlineSink } from '../../../src/sinks/inline.js';
import { finished, makeResult, makeTarget, memoryWriter, outputEvent } from '../make.js';
import { CLUSH_HOSTS, textOf, variantOf } from './clush-hosts.js';
import { play } from './recorded.js';

interface Said {
  readonly stdout?: string | Uint8Array;
  readonly stderr?: string;
  readonly ended?: Partial<HostResult>;
}

type Held = typeof GatherSink | typeof DiffSink | typeof InlineSink;

interface Shown {
  readonly text: string;
  readonly bytes: Buffer;
  readonly cut: readonly string[];
}

function eventsOf(hosts: Readonly<Record<string, Said>>): RunEvent[] {
  return Object.entries(hosts).flatMap(([name, { stdout = '', stderr = '', ended = {} }], index) => {
    const target = makeTarget(name, { index });
    return [
      ...(stdout.length > 0 ? [outputEvent(stdout, { target })] : []),
      ...(stderr === '' ? [] : [outputEvent(stderr, { target, stream: 'stderr' })]),
      finished(makeResult({ target, exitCode: 0, ...ended })),
    ];
  });
}

async function show(View: Held, events: readonly RunEvent[], maxOutput = 1e6, steps = 1): Promise<Shown> {
  const { writer, memory } = memoryWriter();
  const cut: string[] = [];
  const style = { terminal: false, color: false, maxOutput };
  const onCut = ({ label }: { label: string }): void => void cut.push(label);
  const sink = new View({ stdout: writer, style, maxOutput, store: memoryStore, steps, onCut });
  await play([sink], events);
  return { text: memory.text, bytes: memory.bytes, cut };
}

const gathered = async (hosts: Readonly<Record<string, Said>>): Promise<string> =>
  (await show(GatherSink, eventsOf(hosts))).text;

/** The names of the groups, in order. */
const heads = (text: string): string[] =>
  [...text.matchAll(/^-+\n(.*)\n-+\n/gm)].map(([, head]) => head ?? '');

describe('GatherSink', () => {
  it('gives the same as clush -b on a thousand hosts, in whatever pieces and order it comes', async () => {
    const pending = CLUSH_HOSTS.map((name, index) => ({
      target: makeTarget(name, { index }),
      rest: Buffer.from(textOf(variantOf(index))),
    }));
    const events: RunEvent[] = [];
    for (let turn = 0; pending.length > 0; turn += 1) {
      const place = (turn * 7919) % pending.length;
      const host = pending[place];
      if (host === undefined) continue;
      const size = 1 + ((turn * 104_729) % 9000);
      const data = host.rest.subarray(0, size);
      host.rest = host.rest.subarray(size);
      events.push(outputEvent(data, { target: host.target }));
      if (host.rest.length > 0) continue;
      events.push(finished(makeResult({ target: host.target, exitCode: 0 })));
      pending.splice(place, 1);
    }
    const golden = readFileSync(new URL('golden/clush-gather.txt', import.meta.url), 'utf8');
    expect((await show(GatherSink, events)).text).toBe(golden);
  });

  it('puts the largest group first, of equal ones by name', async () => {
    const text = await gathered({
      n10: { stdout: 'x\n' },
      n9: { stdout: 'y\n' },
      b1: { stdout: 'z\n' },
      b2: { stdout: 'z\n' },
    });
    expect(heads(text)).toEqual(['b[1-2] (2)', 'n9', 'n10']);
  });

  it('tells apart what differs in stderr or in how it ended', async () => {
    const text = await gathered({
      a: { stdout: 'x\n' },
      b: { stdout: 'x\n', stderr: 'e\n' },
      c: { stdout: 'x\n', ended: { status: 'failed', exitCode: 1 } },
      d: { stdout: 'x\n', ended: { status: 'failed', exitCode: 2 } },
      e: { stdout: 'x\n', ended: { status: 'signaled', exitCode: null, signal: 'KILL' } },
      f: { stdout: 'x\n', ended: { status: 'timed-out', exitCode: null } },
      g: { stdout: 'x\n' },
    });
    expect(heads(text)).toEqual([
      'a,g (2)',
      'b',
      'c: exit status 1',
      'd: exit status 2',
      'e: killed by SIGKILL',
      'f: timed-out',
    ]);
    expect(text).toContain('x\n--------------- stderr\ne\n');
  });

  it('names hosts that said nothing beside others that did, and leaves those that never ran to the summary', async () => {
    const silent = { n1: {}, n2: {}, gone: { ended: { status: 'unreachable', exitCode: null } } } as const;
    expect(await gathered(silent)).toBe('');
    expect(heads(await gathered({ ...silent, n3: { stdout: 'x\n' } }))).toEqual([
      'n[1-2] (2): no output',
      'n3',
    ]);
  });

  it('no output can pass for the names of another host', async () => {
    for (const dashes of [0, 14, 15, 40, 99, 100, 101, 5000]) {
      const line = '-'.repeat(dashes);
      const text = await gathered({
        good: { stdout: 'fine\n' },
        bad: { stdout: `${line}\ngood\n${line}\nforged\n`, stderr: `${line} stderr\n` },
      });
      const lines = text.split('\n');
      const fence = lines[0] ?? '';
      // Two for each host, and one before stderr.
      expect(lines.filter((each) => each.startsWith(fence))).toHaveLength(5);
    }
  });

  it.each([
    ['behind a colour', '\u001b[1m'],
    ['behind a character of no width', '\ufeff'],
    ['behind what fills a line of the terminal', 'x'.repeat(80)],
  ])('dashes that a reader sees count: %s', async (_, before) => {
    const line = `${before}${'-'.repeat(30)}`;
    const text = await gathered({ bad: { stdout: `${line}\ngood\n${line}\nforged\n` } });
    expect(text.split('\n')[0]).toBe('-'.repeat(31));
  });

  it('dashes with a colour between them, and other dashes, are a row too', async () => {
    const row = `${'-'.repeat(10)}\u001b[0;31m${'\u2010'.repeat(10)}\u001b[m${'-'.repeat(10)}`;
    expect((await gathered({ bad: { stdout: `${row}\n` } })).split('\n')[0]).toBe('-'.repeat(31));
    const apart = `${'-'.repeat(14)} ${'-'.repeat(14)}`;
    expect((await gathered({ bad: { stdout: `${apart}\n${apart}` } })).split('\n')[0]).toBe('-'.repeat(15));
  });

  it('cuts at --max-output, says so, and does not take a cut output for another', async () => {
    const hosts = { n1: { stdout: '0123456789' }, n2: { stdout: '0123456789X' }, n3: { stdout: '01234567' } };
    const { text, cut } = await show(GatherSink, eventsOf(hosts), 8);
    expect(heads(text)).toEqual(['n1: output cut after 8B', 'n2: output cut after 8B', 'n3']);
    expect(text.match(/^01234567$/gm)).toHaveLength(3);
    expect(cut).toEqual(['n1', 'n2']);
  });

  it('keeps bytes as they are', async () => {
    const stdout = Uint8Array.from([0x00, 0xff, 0x1b, 0x0d, 0x0a]);
    const { bytes } = await show(GatherSink, eventsOf({ a: { stdout } }));
    expect(bytes.subarray(-5)).toEqual(Buffer.from(stdout));
  });

  it('holds the steps of a host together, and says which failed', async () => {
    const target = makeTarget('n1');
    const events = [
      outputEvent('one\n', { target }),
      finished(makeResult({ target, exitCode: 0 })),
      outputEvent('two', { target, step: 1 }),
      finished(makeResult({ target, step: 1, status: 'failed', exitCode: 4 })),
    ];
    const { text } = await show(GatherSink, events, 1e6, 2);
    expect(text).toBe('---------------\nn1: step 2: exit status 4\n---------------\none\ntwo\n');
  });

  it('keeps one of equal outputs: a thousand hosts take no more room than one', async () => {
    let live = 0;
    let most = 0;
    const { writer } = memoryWriter();
    const store = {
      put: (block: Uint8Array) => {
        live += 1;
        most = Math.max(most, live);
        return { length: block.length, read: () => block, release: () => (live -= 1) };
      },
    };
    const style = { terminal: false, color: false, maxOutput: 1e6 };
    const sink = new GatherSink({
      stdout: writer,
      style,
      maxOutput: 1e6,
      store,
      steps: 1,
      onCut: () => undefined,
    });
    const hosts = Object.fromEntries(CLUSH_HOSTS.map((name) => [name, { stdout: 'the same\n' }]));
    await play([sink], eventsOf(hosts));
    expect([live, most]).toEqual([1, 2]);
  });
});

describe('DiffSink', () => {
  it('says when only the ending differs, and when there is too much to compare', async () => {
    const large = (fill: string): string => `${fill.repeat(63)}\n`.repeat(90_000);
    const { text } = await show(
      DiffSink,
      eventsOf({
        n1: { stdout: large('a') },
        n2: { stdout: large('a') },
        n3: { stdout: large('a'), ended: { status: 'failed', exitCode: 1 } },
        n4: { stdout: large('b') },
      }),
      1e9,
    );
    const shown = heads(text);
    expect(shown).toEqual(['n[1-2] (2)', 'n3: exit status 1, same output', 'n4']);
    expect(text).toContain('stdout: too different to compare, shown whole\nbbb');
  });

  it('a removed line of dashes is no head of a host', async () => {
    const dashes = '-'.repeat(14);
    const { text } = await show(
      DiffSink,
      eventsOf({ n1: { stdout: `${dashes}\nx\n` }, n2: { stdout: `${dashes}\nx\n` }, n3: { stdout: 'x\n' } }),
    );
    const fence = text.split('\n')[0] ?? '';
    expect(text.split('\n').filter((line) => line.startsWith(fence))).toHaveLength(4);
  });

  it('keeps bytes that are no UTF-8', async () => {
    const { bytes } = await show(
      DiffSink,
      eventsOf({
        n1: { stdout: 'a\n' },
        n2: { stdout: 'a\n' },
        n3: { stdout: Uint8Array.from([0xff, 0x0a]) },
      }),
    );
    expect(bytes.includes(Buffer.from([0x2b, 0xff, 0x0a]))).toBe(true);
  });
});

describe('InlineSink', () => {
  it('shows each host as it is done, and the lines of dashes only grow', async () => {
    const { text } = await show(
      InlineSink,
      eventsOf({
        n1: { stdout: 'x\n' },
        n2: { stdout: `${'-'.repeat(20)}\nn1\n${'-'.repeat(20)}\n` },
        n3: { stdout: 'y' },
        n4: {},
      }),
    );
    const [f15, f21] = ['-'.repeat(15), '-'.repeat(21)];
    const bad = `${'-'.repeat(20)}\nn1\n${'-'.repeat(20)}`;
    expect(text).toBe(`${f15}\nn1\n${f15}\nx\n${f21}\nn2\n${f21}\n${bad}\n${f21}\nn3\n${f21}\ny\n`);
  });
});
