import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../../../src/core/events.js';
import type { HostResult } from '../../../src/core/result.js';
import { LogGroupsSink } from '../../../src/sinks/log-groups.js';
import type { LogReader } from '../../../src/sinks/log-guard.js';
import { finished, makeResult, makeTarget, memoryWriter, outputEvent } from '../make.js';
import { FORGERIES, GithubRunner } from './github-runner.js';

function shown(reader: LogReader, events: readonly RunEvent[], steps = 1, maxOutput = 1024 * 1024): string {
  const { writer, memory } = memoryWriter();
  const subject = new LogGroupsSink({
    stdout: writer,
    reader,
    steps,
    limits: { timeoutMs: null, deadlineMs: null },
    maxOutput,
    onCut: () => undefined,
  });
  for (const event of events) void subject.event(event);
  return memory.text;
}

const web1 = makeTarget('web1');
const web2 = makeTarget('web2', { index: 1 });
const done = (rest: Partial<HostResult> = {}, time = 0): RunEvent => ({
  ...finished(makeResult({ target: web1, durationMs: 1500, ...rest })),
  time,
});
const TOKEN = /::stop-commands::([0-9a-f]{32})\n/;

describe('--format github', () => {
  it('shows each host whole when it is done, fenced by a token of its own', () => {
    const text = shown('github', [
      outputEvent('one\n'),
      outputEvent('other\n', { target: web2 }),
      outputEvent('two, unfinished', { stream: 'stderr' }),
      done({ status: 'failed', exitCode: 3 }),
      done({ target: web2 }),
    ]);
    const tokens = [...text.matchAll(/::stop-commands::(\w+)/g)].map(([, token]) => token ?? '');
    expect(new Set(tokens).size).toBe(2);
    expect(text).toBe(
      `::group::web1: exit status 3 (1.5s)\n::stop-commands::${tokens[0]}\none\ntwo, unfinished\n::${tokens[0]}::\n::endgroup::\n` +
        `::group::web2: ok (1.5s)\n::stop-commands::${tokens[1]}\nother\n::${tokens[1]}::\n::endgroup::\n`,
    );
  });

  it('a host gives no command, not even the end of its fence, and commands work again behind it', () => {
    const forged = [...FORGERIES, '::mine::', '::stop-commands::mine'].join('\n');
    const text = shown('github', [outputEvent(forged), done()]);
    const runner = new GithubRunner().read(`${text}::error::ours\n`);
    expect(runner.commands.map(({ name }) => name)).toEqual(['group', 'stop-commands', 'endgroup', 'error']);
    expect(text).toMatch(TOKEN);
  });

  it('has no fence where there is nothing to fence', () => {
    expect(shown('github', [done()])).toBe('::group::web1: ok (1.5s)\n::endgroup::\n');
  });

  it('a reason of ssh’s that holds a command stays in the title', () => {
    const error = { code: 'ERR_CONNECT', message: 'x\n::error::forged' } as const;
    const runner = new GithubRunner().read(shown('github', [done({ status: 'unreachable', error })]));
    expect(runner.commands.map(({ name }) => name)).toEqual(['group', 'endgroup']);
  });

  it('several commands of a host are one group', () => {
    const text = shown(
      'github',
      [outputEvent('a\n'), done(), outputEvent('b\n', { step: 1 }), done({ step: 1 })],
      2,
    );
    expect(text.match(/::group::/g)).toHaveLength(1);
    expect(text).toContain('a\nb\n');
  });

  it('says what it left out of a long output', () => {
    const text = shown('github', [outputEvent(`${'x'.repeat(5000)}\n`), done()], 1, 100);
    expect(text).toContain('[truncated: 4901 bytes left out]');
  });
});

describe('--format gitlab', () => {
  const SECTION = /section_(?:start|end):(\d+):([A-Za-z0-9_.-]+)(\[[^\]]*\])?\r\u001b\[0K/g;

  it('is a section a host, closed where all is well', () => {
    const text = shown('gitlab', [
      outputEvent('one\n', { time: 1_700_000_000_900 }),
      done({}, 1_700_000_002_000),
      done({ target: web2, status: 'failed', exitCode: 1 }, 1_700_000_003_000),
    ]);
    expect(text).toBe(
      '\u001b[0Ksection_start:1700000000:pssh_ts_0[collapsed=true]\r\u001b[0Kweb1: ok (1.5s)\none\n' +
        '\u001b[0Ksection_end:1700000002:pssh_ts_0\r\u001b[0K\n' +
        '\u001b[0Ksection_start:1700000003:pssh_ts_1\r\u001b[0Kweb2: exit status 1 (1.5s)\n' +
        '\u001b[0Ksection_end:1700000003:pssh_ts_1\r\u001b[0K\n',
    );
  });

  it('a host opens and closes no section', () => {
    const forged = '\u001b[0Ksection_start:1:a\r\u001b[0Kx\nsection_end:2:pssh_ts_0\r\u001b[0K\n';
    const error = { code: 'ERR_CONNECT', message: 'section_end:2:pssh_ts_0\r\u001b[0K' } as const;
    const text = shown('gitlab', [outputEvent(forged), done({ status: 'unreachable', error })]);
    expect([...text.matchAll(SECTION)]).toHaveLength(2);
  });
});
