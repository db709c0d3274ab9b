import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../../../src/core/events.js';
import type { Target } from '../../../src/core/target.js';
import type { ReportData } from '../../../src/sinks/report/data.js';
import { ReportSink } from '../../../src/sinks/report.js';
import { finished, makeResult, makeSummary, makeTarget, outputEvent } from '../make.js';
import { tempFolder } from '../temp-folder.js';
import { play, sampleEvents, sampleTargets } from './sample-run.js';

const folder = tempFolder();
const startedAt = new Date(Date.UTC(2026, 10, 22, 12));

async function page(
  targets: readonly Target[],
  events: Iterable<RunEvent>,
  command = 'uname -r',
): Promise<string> {
  const file = folder.file('report.html');
  await play(
    events,
    new ReportSink({
      file,
      command,
      steps: 1,
      limits: { timeoutMs: 3000, deadlineMs: null },
      targets,
      startedAt,
    }),
  );
  return readFileSync(file, 'utf8');
}

const embedded = (text: string): string => /id="data">(.*?)<\/script>/s.exec(text)?.[1] ?? '';
const dataOf = (text: string): ReportData => JSON.parse(embedded(text)) as ReportData;
const end: RunEvent = { type: 'summary', time: 0, summary: makeSummary({ ok: 1 }) };

describe('ReportSink', () => {
  it('tells of each host when it did what, and of the groups of output', async () => {
    const targets = sampleTargets(5);
    const data = dataOf(await page(targets, sampleEvents(targets)));
    expect(data).toEqual(JSON.parse(readFileSync(new URL('golden/report.json', import.meta.url), 'utf8')));
  });

  it('its policy names the hashes of the one script and the one style that it has', async () => {
    const text = await page([makeTarget()], [end]);
    const hash = (content: string): string =>
      `'sha256-${createHash('sha256').update(content).digest('base64')}'`;
    const script = [...text.matchAll(/<script>(.*?)<\/script>/gs)].map(([, content]) => content ?? '');
    const style = [...text.matchAll(/<style>(.*?)<\/style>/gs)].map(([, content]) => content ?? '');
    expect([script.length, style.length]).toEqual([1, 1]);
    expect(text).toContain(
      `content="default-src 'none'; script-src ${hash(script[0] ?? '')}; style-src ${hash(style[0] ?? '')}; base-uri 'none'; form-action 'none'"`,
    );
    expect(text).not.toMatch(/\s(on\w+|style|src|href)=/);
  });

  it('nothing that a host, a name or a command says is markup', async () => {
    const hostile = '</script><!--<script>alert(1)</script>';
    const target = makeTarget('x', { label: hostile });
    const error = { code: 'ERR_CONNECT', message: hostile } as const;
    const events = [
      outputEvent(hostile, { target }),
      finished(makeResult({ target, status: 'unreachable', error })),
      end,
    ];
    const text = await page([target], events, hostile);
    expect(text.match(/<\/?script/g)).toHaveLength(4);
    expect(embedded(text)).not.toContain('<');
    const { command, hosts, groups } = dataOf(text);
    expect([command, hosts[0]?.[0], groups[0]?.stdout]).toEqual([hostile, hostile, hostile]);
  });

  it('groups by all of the output, and shows a bounded part of it', async () => {
    const targets = [0, 1, 2].map((index) => makeTarget(`n${index}`, { index }));
    const long = 'x'.repeat(200_000);
    const events = targets.flatMap((target, index) => [
      outputEvent(long, { target }),
      // Where it is cut, so that what is shown is the same.
      outputEvent(index === 2 ? 'b' : 'a', { target }),
      outputEvent(`${long}\n`, { target }),
      finished(makeResult({ target })),
    ]);
    const { groups, hosts } = dataOf(await page(targets, [...events, end]));
    expect(hosts.map((host) => host[6])).toEqual([[0], [0], [1]]);
    expect(groups).toHaveLength(2);
    expect(groups[0]?.stdout).toContain('[truncated: ');
    expect(groups[0]?.stdout.length).toBeLessThan(66_000);
  });

  it('stays small when every host says something else', async () => {
    const targets = Array.from({ length: 300 }, (_, index) => makeTarget(`n${index}`, { index }));
    const events = targets.flatMap((target) => [
      outputEvent(`${target.host} ${'y'.repeat(100_000)}`, { target }),
      finished(makeResult({ target })),
    ]);
    const text = await page(targets, [...events, end]);
    expect(text.length).toBeLessThan(10_000_000);
    expect(dataOf(text).groups.at(-1)?.stdout).toMatch(/^\[truncated: 10000\d bytes left out\]$/);
  });

  it('a host that was never begun has no place on the time line', async () => {
    const target = makeTarget();
    const skipped = finished(makeResult({ target, status: 'skipped', skippedBy: 'failure' }));
    expect(dataOf(await page([target], [skipped, end])).hosts[0]?.slice(1, 6)).toEqual([
      'skipped',
      'skipped: not begun',
      null,
      null,
      null,
    ]);
    expect(readdirSync(folder.path)).toEqual(['report.html']);
  });
});
