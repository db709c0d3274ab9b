import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { HostResult } from '../../../src/core/result.js';
import { JunitSink } from '../../../src/sinks/junit.js';
import { finished, makeResult, makeSummary, makeTarget, outputEvent } from '../make.js';
import { tempFolder } from '../temp-folder.js';
import { junitFaults } from './junit-schema.js';

const folder = tempFolder();
const file = (): string => folder.file('report.xml');

function sink(rest: Partial<ConstructorParameters<typeof JunitSink>[0]> = {}): JunitSink {
  return new JunitSink({
    file: file(),
    command: 'make test',
    steps: 1,
    limits: { timeoutMs: 3000, deadlineMs: null },
    maxOutput: 64 * 1024 * 1024,
    startedAt: new Date('2026-11-22T12:00:00.123Z'),
    ...rest,
  });
}

const host = (name: string, index: number, rest: Partial<HostResult> = {}): HostResult =>
  makeResult({ target: makeTarget(name, { index }), durationMs: 1234, ...rest });

function end(subject: JunitSink, counts = { ok: 1 }): string {
  subject.event({ type: 'summary', time: 0, summary: makeSummary(counts, { durationMs: 61_500 }) });
  subject.end();
  return readFileSync(file(), 'utf8');
}

describe('JunitSink', () => {
  it('has a case a host: failures are the commands’, errors ssh’s and ours, skipped is skipped', async () => {
    const subject = sink();
    const unreachable = { code: 'ERR_CONNECT', message: 'connection refused' } as const;
    subject.event(outputEvent('all well\n', { target: makeTarget('web1', { index: 0 }) }));
    subject.event(finished(host('web1', 0)));
    subject.event(outputEvent('no rule\n', { target: makeTarget('web2', { index: 1 }), stream: 'stderr' }));
    subject.event(finished(host('web2', 1, { status: 'failed', exitCode: 2 })));
    subject.event(finished(host('web3', 2, { status: 'signaled', signal: 'KILL' })));
    subject.event(finished(host('web4', 3, { status: 'timed-out', killed: 'confirmed' })));
    subject.event(finished(host('web5', 4, { status: 'unreachable', error: unreachable, durationMs: 0 })));
    subject.event(finished(host('web6', 5, { status: 'skipped', skippedBy: 'failure', durationMs: 0 })));
    const text = end(subject);
    expect(await junitFaults(text)).toEqual([]);
    // The room left for longer counts is no part of what it says.
    expect(text.replace(/ +>\n/g, '>\n')).toBe(
      readFileSync(new URL('golden/junit.xml', import.meta.url), 'utf8'),
    );
  });

  it('the schema is one that finds faults', async () => {
    const text = end(sink());
    expect(await junitFaults(text)).toEqual([]);
    expect(await junitFaults(text.replace(/tests="\d+"/, 'tests="many"'))).not.toEqual([]);
    expect(await junitFaults(text.replace('</testsuite>', '<testcase name="x"/></testsuite>'))).not.toEqual(
      [],
    );
    expect(await junitFaults(text.replace('</testsuite>', '\u0001</testsuite>'))).not.toEqual([]);
  });

  it('with several commands, a case each', async () => {
    const subject = sink({ steps: 2, command: 'make; make install' });
    subject.event(finished(host('web1', 0, { step: 0, command: 'make' })));
    subject.event(finished(host('web1', 0, { step: 1, command: 'make install' })));
    const text = end(subject);
    expect(await junitFaults(text)).toEqual([]);
    expect([...text.matchAll(/<testcase name="([^"]*)"/g)].map(([, name]) => name)).toEqual([
      'web1 [1] make',
      'web1 [2] make install',
    ]);
  });

  it('shows what XML can not hold, and keeps its markup out of remote hands', async () => {
    const target = makeTarget('web1');
    const subject = sink({ command: 'echo "<&>\u0001\n"' });
    const hostile = Buffer.concat([
      Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)),
      Buffer.from('\ufffe\uffff\u0000]]></system-out><testcase name="x"/><!-- &amp; \u{1f600} e\u0301\n'),
    ]);
    subject.event(outputEvent(hostile, { target }));
    const message = 'bad "quotes" <b>\u0007\r\n\t';
    const error = { code: 'ERR_AUTH', message } as const;
    subject.event(finished(makeResult({ target, status: 'auth-failed', error })));
    const text = end(subject);
    expect(await junitFaults(text)).toEqual([]);
    expect(text.match(/<testcase/g)).toHaveLength(1);
    expect(text).toContain('\u2400\u2401');
    expect(text).toContain('\u{1f600} e\u0301');
    expect(text).toContain('&lt;b&gt;\u2407&#13;&#10;&#9;');
  });

  it('keeps the beginning and the end of a long output, and says what it left out', async () => {
    const subject = sink({ maxOutput: 1000 });
    const target = makeTarget('web1');
    subject.event(outputEvent('first line\n', { target }));
    for (let line = 0; line < 5000; line += 1) subject.event(outputEvent(`line ${line}\n`, { target }));
    subject.event(finished(makeResult({ target })));
    const text = end(subject);
    expect(await junitFaults(text)).toEqual([]);
    expect(text).toContain('first line');
    expect(text).toContain('line 4999');
    expect(text).toMatch(/\[truncated: \d+ bytes left out\]/);
    expect(text.length).toBeLessThan(2500);
  });

  it('stands under its name when it is complete, and not before', () => {
    writeFileSync(file(), 'of an earlier run');
    const subject = sink();
    subject.event(finished(host('web1', 0)));
    expect(readFileSync(file(), 'utf8')).toBe('of an earlier run');
    end(subject);
    expect(readFileSync(file(), 'utf8')).toContain('<testsuites');
    expect(readdirSync(folder.path)).toEqual(['report.xml']);
  });

  it('leaves nothing when it is given up', () => {
    const subject = sink();
    subject.event(finished(host('web1', 0)));
    subject.discard();
    expect(readdirSync(folder.path)).toEqual([]);
  });

  it('keeps the mode of the file that it replaces', () => {
    writeFileSync(file(), 'mine alone');
    chmodSync(file(), 0o600);
    end(sink());
    expect(readFileSync(file(), 'utf8')).toContain('<testsuites');
    expect(statSync(file()).mode & 0o777).toBe(0o600);
  });

  it('writes to where a link leads', () => {
    writeFileSync(folder.file('real.xml'), '');
    symlinkSync('real.xml', file());
    end(sink());
    expect(readFileSync(folder.file('real.xml'), 'utf8')).toContain('<testsuites');
  });

  it('refuses a file that it can not write, before anything is run', () => {
    mkdirSync(folder.file('folder'));
    symlinkSync('nowhere', folder.file('dangling'));
    const refused = (name: string, reason: RegExp): void =>
      expect(() => sink({ file: name })).toThrow(
        expect.objectContaining({ code: 'ERR_USAGE', message: expect.stringMatching(reason) }),
      );
    refused('', /^--junit: the name is empty/);
    refused(folder.file('folder'), /is a folder/);
    refused(folder.file('dangling'), /is a link to nothing/);
    refused('/dev/null', /is no regular file/);
    refused(folder.file('missing/report.xml'), /can't be written: no such file or directory/);
    expect(existsSync(folder.file('missing'))).toBe(false);
  });
});
