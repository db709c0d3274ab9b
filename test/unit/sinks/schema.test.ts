import { describe, expect, it } from 'vitest';
import { STATUSES } from '../../../src/core/result.js';
import { JsonSink } from '../../../src/sinks/json.js';
import { NdjsonSink } from '../../../src/sinks/ndjson.js';
import { RecordSink } from '../../../src/sinks/record.js';
import { finished, makeResult, makeSummary, makeTarget, memoryWriter } from '../make.js';
import { EVENTS, play } from './recorded.js';
import { eventFaults, recordFaults, runFaults, runFaultsAsShipped } from './schema.js';

async function runDocument(events = EVENTS): Promise<Record<string, unknown>> {
  const { writer, memory } = memoryWriter();
  await play([new JsonSink({ stdout: writer, startedAt: new Date(), command: 'report' })], events);
  return JSON.parse(memory.text) as Record<string, unknown>;
}

async function eventLines(events = EVENTS): Promise<Record<string, unknown>[]> {
  const { writer, memory } = memoryWriter();
  await play([new NdjsonSink(writer)], events);
  return memory.text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('pssh-ts/run@1', () => {
  it('describes the recorded run, key by key', async () => {
    expect(runFaults(await runDocument())).toBe('');
  });

  it.each(STATUSES)('describes a host that is %s', async (status) => {
    const result = makeResult({
      status,
      target: makeTarget('h', { user: 'u', port: 22 }),
      killed: 'unknown',
    });
    const events = [
      finished(result),
      { type: 'summary', time: 0, summary: makeSummary({ [status]: 1 }) },
    ] as const;
    expect(runFaults(await runDocument(events))).toBe('');
  });

  it.each([
    ['skipped', { skippedBy: 'failure' }],
    ['skipped', { skippedBy: 'deadline' }],
    ['timed-out', { timedOutBy: 'deadline' }],
  ] as const)('says why a host is %s: %o', async (status, why) => {
    const result = makeResult({ status, ...why });
    const document = await runDocument([finished(result)]);
    expect(document.results).toMatchObject([why]);
    expect(runFaults(document)).toBe('');
    const [line = {}] = await eventLines([finished(result)]);
    expect(line).toMatchObject(why);
    expect(eventFaults(line)).toBe('');
  });

  it('refuses what is not so', async () => {
    const document = await runDocument();
    for (const change of [
      { schema: 'pssh-ts/run@2' },
      { exitCode: 256 },
      { results: [{}] },
      { summary: { total: 1 } },
      { startedAt: 'yesterday' },
    ])
      expect(runFaultsAsShipped({ ...document, ...change })).not.toBe('');
    expect(runFaults({ ...document, news: 1 })).toContain('additional properties');
  });

  it('as shipped lets later versions add keys', async () => {
    expect(runFaultsAsShipped({ ...(await runDocument()), news: 1 })).toBe('');
  });
});

describe('pssh-ts/event@1', () => {
  it('describes every event of the recorded run, of all kinds, key by key', async () => {
    const lines = await eventLines();
    for (const line of lines) expect(`${line.type}: ${eventFaults(line)}`).toBe(`${line.type}: `);
    expect(new Set(lines.map(({ type }) => type))).toEqual(
      new Set(['connecting', 'connected', 'started', 'output', 'moved', 'note', 'finished', 'summary']),
    );
  });

  it('describes a note about the whole run', async () => {
    const [line] = await eventLines([{ type: 'note', time: 0, target: null, message: 'x' }]);
    expect(eventFaults(line)).toBe('');
  });

  it('refuses what is not so', async () => {
    const [line] = await eventLines();
    expect(eventFaults({ ...line, type: 'other' })).not.toBe('');
    expect(eventFaults({ ...line, index: -1 })).not.toBe('');
  });
});

describe('pssh-ts/record@1', () => {
  const targets = STATUSES.map((status, index) =>
    makeTarget(status, {
      index,
      user: 'u',
      port: 22,
      sshOptions: { identities: ['k'], jump: 'j', configFile: 'c', options: ['Compression=yes'] },
    }),
  );
  const sink = new RecordSink({
    id: '20261122-120000-000-0a1f',
    command: 'exec',
    count: 3,
    again: { words: ['echo', '{rack}'], values: new Map([[0, { rack: 'r7' }]]) },
    commands: ['uptime'],
    cwd: '/',
    env: ['A'],
    options: { fanout: '3', sshOption: ['Compression=yes'] },
    startedAt: new Date(0),
    targets: [...targets, makeTarget('still running', { index: targets.length })],
    output: true,
  });
  for (const [place, status] of STATUSES.entries()) {
    const error = { code: 'ERR_CONNECT', message: 'x' } as const;
    const why = { skippedBy: 'deadline', timedOutBy: 'deadline' } as const;
    const target = targets[place] ?? makeTarget();
    sink.event(finished(makeResult({ target, status, startedAt: new Date(0), error, ...why })));
  }
  const record = JSON.parse(JSON.stringify(sink.record(5, 4))) as Record<string, unknown>;

  it('describes a record with hosts that ended in each way, key by key', () => {
    expect(recordFaults(record)).toBe('');
  });

  it('refuses what is not so', () => {
    for (const change of [{ id: 'x' }, { hosts: [{}] }, { exitCode: null }, { news: 1 }])
      expect(recordFaults({ ...record, ...change })).not.toBe('');
  });
});
