// What runs in the page knows its names; src is built without them.
/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
import { mkdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { ReportSink } from '../../src/sinks/report.js';
import { ensureChromium } from '../fleet/ensure-chromium.js';
import { type Fleet, startFleet } from '../fleet/fleet.js';
import { play, sampleEvents, sampleTargets } from '../unit/sinks/sample-run.js';
import { runCli } from './cli.js';

let fleet: Fleet;
let browser: Browser;
const reports = new Map<number, string>();
const pages: Page[] = [];
/** What pages complained of, and what they wanted from elsewhere. */
const complaints: string[] = [];

async function writeReport(count: number): Promise<void> {
  const file = join(fleet.dir, `report${count}.html`);
  const targets = sampleTargets(count);
  const startedAt = new Date(Date.UTC(2026, 10, 22, 12));
  const options = {
    file,
    command: 'uname -r',
    steps: 1,
    limits: { timeoutMs: 3000, deadlineMs: null },
    targets,
    startedAt,
  };
  await play(sampleEvents(targets), new ReportSink(options));
  reports.set(count, file);
}

beforeAll(async () => {
  const executablePath = ensureChromium((line) => process.stderr.write(`${line}\n`));
  fleet = await startFleet({
    hosts: [{ name: 'node1' }, { name: 'node2' }, { name: 'node3' }, { name: 'dead1', kind: 'dead-port' }],
  });
  const home = join(fleet.dir, 'browser');
  mkdirSync(home);
  browser = await chromium.launch({
    executablePath,
    // Root has no sandbox to give.
    args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
    env: { PATH: process.env.PATH ?? '', HOME: home, TMPDIR: tmpdir() },
    timeout: 60_000,
  });
  for (const count of [5, 2000]) await writeReport(count);
}, 240_000);
afterAll(async () => {
  await browser?.close();
  await runCli(['masters', 'close'], { env: fleet.env });
  await fleet.stop();
});
afterEach(async () => {
  for (const page of pages.splice(0)) await page.context().close();
  expect(complaints.splice(0)).toEqual([]);
});

async function open(file: string | undefined, options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const page = await context.newPage();
  pages.push(page);
  page.setDefaultTimeout(30_000);
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('request', (request) => {
    if (request.url() !== `file://${file}`) complaints.push(`request of ${request.url()}`);
  });
  await page.goto(`file://${file}`);
  return page;
}

const texts = (page: Page, selector: string): Promise<string[]> => page.locator(selector).allTextContents();
const copied = (page: Page): Promise<string> => page.evaluate(() => navigator.clipboard.readText());

describe('a report of a real run', () => {
  test('tells who did what, and shows hostile output as the text that it is', async () => {
    const file = join(fleet.dir, 'real.html');
    const hostile = '</script><img src=x onerror="document.title=1"><!-- <script>\u2028 &amp; {{x}}';
    const result = await runCli(
      [
        ...['-F', fleet.configPath, '-H', 'node[1-3],dead1', '-t', '5', 'exec', '--report', file, '-I'],
        'cat; [ $PSSH_HOST != node2 ] || { echo "<b>bad</b>" >&2; exit 3; }',
      ],
      { env: fleet.env, input: hostile },
    );
    expect(result.code).toBe(4);
    const page = await open(file);
    expect(await page.title()).toBe('pssh-ts: 2 of 4 hosts not ok');
    expect(await texts(page, '#chips button')).toEqual(['All4', 'ok2', 'failed1', 'unreachable1']);
    expect(await texts(page, 'details .names')).toEqual(['node[1,3]', 'node2', 'dead1']);
    expect(await texts(page, 'details pre')).toEqual([hostile, hostile, '<b>bad</b>\n']);
    expect(await texts(page, 'tbody td.host')).toEqual(['node1', 'node2', 'node3', 'dead1']);
    const [, second, , fourth] = await texts(page, 'tbody .result');
    expect([second, fourth]).toEqual(['exit status 3', expect.stringMatching(/^unreachable: /)]);
    expect(await page.locator('img').count()).toBe(0);
    expect(await page.locator('tbody tr').first().locator('.bar i').count()).toBeGreaterThan(0);
  });

  test('its policy lets no other script run and nothing load', async () => {
    const page = await open(reports.get(5));
    const blocked = await page.evaluate(async () => {
      const violations: string[] = [];
      document.addEventListener('securitypolicyviolation', (event) =>
        violations.push(event.violatedDirective),
      );
      const script = document.createElement('script');
      script.textContent = 'document.title = "ran"';
      const image = document.createElement('img');
      image.setAttribute('onerror', 'document.title = "ran"');
      image.src = 'data:image/png;base64,AAAA';
      document.body.append(script, image);
      await fetch('data:,x').catch(() => undefined);
      await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
      return { violations: [...new Set(violations)].sort(), title: document.title };
    });
    expect(blocked.violations).toEqual(['connect-src', 'img-src', 'script-src-attr', 'script-src-elem']);
    expect(blocked.title).toBe('pssh-ts: 3 of 5 hosts not ok');
    // Chromium tells of each in the console.
    expect(complaints.splice(0).join('\n')).toContain('Content Security Policy');
  });
});

describe('a report of 2,000 hosts', () => {
  test('stays small on the screen, and shows the rest when asked', async () => {
    const page = await open(reports.get(2000));
    const elements = (): Promise<number> => page.evaluate(() => document.querySelectorAll('*').length);
    expect(await elements()).toBeLessThan(5000);
    expect(readFileSync(reports.get(2000) ?? '').length).toBeLessThan(500_000);
    expect(await page.locator('tbody tr').count()).toBe(200);
    const more = page.locator('#more-hosts');
    await more.click();
    await more.click();
    expect(await page.locator('tbody tr').count()).toBe(2000);
    expect(await more.isVisible()).toBe(false);
  });

  test('filters by result and by name, together', async () => {
    const page = await open(reports.get(2000));
    await page.getByRole('button', { name: 'timed-out' }).click();
    expect(await page.getByRole('button', { name: 'timed-out' }).getAttribute('aria-pressed')).toBe('true');
    expect(await page.locator('#shown').textContent()).toBe('21 of 2000 hosts shown');
    expect(new Set(await texts(page, 'tbody .result'))).toEqual(
      new Set(['timed-out after 3.0s, ended on the host']),
    );
    expect(await page.locator('details.group').count()).toBe(1);
    await page.getByRole('searchbox').fill('WEB01');
    expect(await texts(page, 'tbody td.host')).toEqual(['web0101.example.com', 'web0198.example.com']);
    await page.getByRole('searchbox').fill('nothing like it');
    expect(await page.locator('tbody tr').count()).toBe(0);
    await page.getByRole('searchbox').fill('');
    await page.getByRole('button', { name: 'All' }).click();
    expect(await page.locator('#hosts-title').textContent()).toBe('Hosts (2000)');
  });

  test('copies what is shown, folded and plain, and the hosts of a group', async () => {
    const page = await open(reports.get(2000));
    await page.getByRole('searchbox').fill('web000');
    await page.getByRole('button', { name: 'Copy folded' }).click();
    await page.getByText('Copied 9 hosts, folded.').waitFor();
    expect(await copied(page)).toBe('web[0001-0009].example.com');
    await page.getByRole('button', { name: 'ok', exact: false }).first().click();
    await page.getByRole('button', { name: 'Copy one a line' }).click();
    await page.getByText('Copied 6 hosts.').waitFor();
    expect(await copied(page)).toBe(
      [1, 2, 6, 7, 8, 9].map((number) => `web000${number}.example.com\n`).join(''),
    );
    await page.getByRole('button', { name: 'Copy these hosts' }).first().click();
    await page.getByText('Copied 6 hosts.').waitFor();
    expect(await copied(page)).toBe('web[0001-0002,0006-0009].example.com');
  });

  test('sorts by the heads of the table, both ways', async () => {
    const page = await open(reports.get(2000));
    const total = page.getByRole('columnheader', { name: 'Total' });
    const times = async (): Promise<number[]> =>
      (await texts(page, 'tbody td.number:not(.narrow-off)')).map(
        (text) => Number.parseFloat(text) * (text.endsWith(' ms') ? 1 : 1000),
      );
    await total.getByRole('button').click();
    expect(await total.getAttribute('aria-sort')).toBe('ascending');
    const up = await times();
    expect(up).toEqual([...up].sort((a, b) => a - b));
    await total.getByRole('button').click();
    expect(await total.getAttribute('aria-sort')).toBe('descending');
    const down = await times();
    expect(down).toEqual([...down].sort((a, b) => b - a));
    expect(down[0]).toBeGreaterThan(2000);
  });

  test('works by keyboard alone, and shows where the focus is', async () => {
    const page = await open(reports.get(2000));
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    const focused = page.locator(':focus');
    expect(await focused.textContent()).toBe('failed33');
    expect(await focused.evaluate((element) => getComputedStyle(element).outlineStyle)).toBe('solid');
    await page.keyboard.press('Enter');
    expect(await page.locator('#hosts-title').textContent()).toBe('Hosts (33)');
    const group = page.locator('details.group summary').last();
    await group.focus();
    const before = await page.locator('details[open]').count();
    await page.keyboard.press('Enter');
    expect(await page.locator('details[open]').count()).toBe(before + (before === 0 ? 1 : -1));
  });

  test('draws the time line, with what went wrong on top', async () => {
    const page = await open(reports.get(2000));
    const drawn = await page.evaluate(() => {
      const canvas = document.querySelector('canvas') as HTMLCanvasElement;
      const context = canvas.getContext('2d') as CanvasRenderingContext2D;
      const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
      const seen = new Map<string, number>();
      for (let at = 0; at < data.length; at += 4) {
        const color = data.slice(at, at + 4).join(',');
        seen.set(color, (seen.get(color) ?? 0) + 1);
      }
      return { colors: [...seen.keys()], label: canvas.getAttribute('aria-label') };
    });
    // ok, failed and timed-out as the light style has them.
    for (const color of ['29,127,73,255', '198,47,59,255', '160,90,0,255'])
      expect(drawn.colors).toContain(color);
    expect(drawn.label).toMatch(/^Time line of 2000 hosts over /);
  });
});

describe.each([5, 2000])('the looks at %i hosts', (count) => {
  test.each([
    ['wide', 1280],
    ['narrow', 360],
  ])('fits a %s window in light and dark', async (_, width) => {
    const backgrounds = new Set<string>();
    for (const colorScheme of ['light', 'dark'] as const) {
      const page = await open(reports.get(count), { viewport: { width, height: 800 }, colorScheme });
      const seen = await page.evaluate(() => ({
        overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
        background: getComputedStyle(document.body).backgroundColor,
      }));
      expect(seen.overflow).toBe(0);
      expect(await page.evaluate(faintTexts)).toEqual([]);
      backgrounds.add(seen.background);
    }
    expect(backgrounds.size).toBe(2);
  });
});

/** Texts whose contrast with what lies behind them is below 4.5 to 1 (WCAG 2.2, 1.4.3). Runs in the page. */
function faintTexts(): string[] {
  const parse = (color: string): number[] => (color.match(/[\d.]+/g) ?? []).map(Number);
  const luminance = (color: readonly number[]): number => {
    const [red = 0, green = 0, blue = 0] = color.slice(0, 3).map((value) => {
      const part = value / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const behind = (start: Element): number[] => {
    for (let at: Element | null = start; at !== null; at = at.parentElement) {
      const color = parse(getComputedStyle(at).backgroundColor);
      if (color.length === 3 || (color[3] ?? 0) > 0) return color;
    }
    return [255, 255, 255];
  };
  const faint: string[] = [];
  for (const element of document.querySelectorAll('body *:not(script):not(noscript)')) {
    const text = [...element.childNodes].some((node) => node.nodeType === 3 && node.nodeValue?.trim() !== '');
    if (!text) continue;
    const [a, b] = [luminance(parse(getComputedStyle(element).color)), luminance(behind(element))];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < 4.5) faint.push(`${element.textContent?.slice(0, 30)}: ${contrast.toFixed(2)}`);
  }
  return [...new Set(faint)];
}
