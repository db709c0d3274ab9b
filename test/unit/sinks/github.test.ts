import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../../../src/core/events.js';
import type { HostResult } from '../../../src/core/result.js';
import { GithubAnnotationsSink } from '../../../src/sinks/github-annotations.js';
import { GithubSummarySink } from '../../../src/sinks/github-summary.js';
import { githubData, githubProperty, markdownCell } from '../../../src/sinks/github-text.js';
import { finished, makeResult, makeSummary, makeTarget, memoryWriter, outputEvent } from '../make.js';
import { tempFolder } from '../temp-folder.js';
import { FORGERIES, GithubRunner } from './github-runner.js';
import { play, sampleEvents, sampleTargets } from './sample-run.js';

const failed = (name: string, index: number, rest: Partial<HostResult> = {}): RunEvent =>
  finished(makeResult({ target: makeTarget(name, { index }), status: 'failed', exitCode: 3, ...rest }));

async function annotations(events: readonly RunEvent[]): Promise<string> {
  const { writer, memory } = memoryWriter();
  await play(
    events,
    new GithubAnnotationsSink({ log: writer, limits: { timeoutMs: null, deadlineMs: null } }),
  );
  return memory.text;
}

describe('githubData, githubProperty, markdownCell', () => {
  it('escape what would end a command, a property or a cell', () => {
    expect(githubData('50%\r\n::x, y')).toBe('50%25%0D%0A::x, y');
    expect(githubProperty('50%\r\n::x, y')).toBe('50%25%0D%0A%3A%3Ax%2C y');
    expect(markdownCell('a|b <img> `c`\n@d [e](http://f) é_g')).toBe(
      'a&#124;b &#60;img&#62; &#96;c&#96; &#64;d &#91;e&#93;&#40;http&#58;//f&#41; é&#95;g',
    );
  });
});

describe('GithubAnnotationsSink', () => {
  it('annotates each host that failed, once, with what it said last', async () => {
    const web2 = makeTarget('deploy@web2:22', { index: 1 });
    const text = await annotations([
      outputEvent('fine\n'),
      finished(makeResult()),
      outputEvent('no rule\n100%\n', { target: web2, stream: 'stderr' }),
      failed('deploy@web2:22', 1, { target: web2, command: 'make' }),
      failed('deploy@web2:22', 1, { target: web2, step: 1, status: 'skipped', skippedBy: 'failure' }),
    ]);
    expect(text).toBe('::error title=deploy@web2%3A22%3A exit status 3::make%0Ano rule%0A100%25\n');
  });

  it('nothing is said of hosts that are well, or skipped by plan', async () => {
    expect(
      await annotations([finished(makeResult()), failed('p', 1, { status: 'skipped', skippedBy: 'plan' })]),
    ).toBe('');
  });

  it('gives ten, GitHub’s limit, and folds the rest in a line', async () => {
    const events = Array.from({ length: 13 }, (_, index) => failed(`web${index + 1}`, index));
    const runner = new GithubRunner().read(await annotations(events));
    expect(runner.named('error')).toHaveLength(10);
    expect(runner.lines.join('\n')).toContain('failed as well, without an annotation: web[11-13]');
  });

  it('what a host says stays inside of its annotation', async () => {
    const said = `${FORGERIES.join('\n')}\n`;
    const text = await annotations([outputEvent(said, { stream: 'stderr' }), failed('web1', 0)]);
    expect(new GithubRunner().read(text).commands).toHaveLength(1);
  });
});

describe('GithubSummarySink', () => {
  const folder = tempFolder();

  function sink(): { readonly subject: GithubSummarySink; readonly told: () => string } {
    const { writer, memory } = memoryWriter();
    const file = folder.file('summary.md');
    const subject = new GithubSummarySink({
      file,
      command: 'uname -r',
      limits: { timeoutMs: 3000, deadlineMs: null },
      stderr: writer,
    });
    return { subject, told: () => memory.text };
  }
  const written = (): string => readFileSync(folder.file('summary.md'), 'utf8');

  it('has a row for each host that failed and folds the others', async () => {
    await play(sampleEvents(sampleTargets(5)), sink().subject);
    expect(written()).toBe(readFileSync(new URL('golden/github-summary.md', import.meta.url), 'utf8'));
  });

  it('adds to what is there, and stays below a mebibyte', async () => {
    writeFileSync(folder.file('summary.md'), `${'x'.repeat(1024 * 1024 - 3000)}\n`);
    const targets = sampleTargets(2000);
    await play(sampleEvents(targets), sink().subject);
    const text = written();
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(1024 * 1024);
    const rows = text.slice(text.indexOf('###'));
    expect(rows).toContain('| web0003.example.com | exit status 2 |');
    expect(rows).toMatch(/The table is cut/);
  });

  it('writes nothing where there is no room, and a line where it can’t', async () => {
    writeFileSync(folder.file('summary.md'), 'x'.repeat(1024 * 1024));
    await play(sampleEvents(sampleTargets(3)), sink().subject);
    expect(written()).toHaveLength(1024 * 1024);
    mkdirSync(folder.file('folder'));
    const { writer, memory } = memoryWriter();
    const blocked = {
      file: folder.file('folder'),
      command: '',
      limits: { timeoutMs: null, deadlineMs: null },
      stderr: writer,
    };
    await play(
      [{ type: 'summary', time: 0, summary: makeSummary({ ok: 1 }) }],
      new GithubSummarySink(blocked),
    );
    expect(memory.text).toMatch(/^pssh-ts: the job summary can't be written: /);
  });
});
