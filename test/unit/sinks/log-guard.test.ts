import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type LogReader, logGuard } from '../../../src/sinks/log-guard.js';
import { FORGERIES, GithubRunner } from './github-runner.js';

function guarded(reader: LogReader, pieces: readonly (Uint8Array | string)[], json = false): string {
  const guard = logGuard(reader, json);
  return Buffer.concat(pieces.map((piece) => Buffer.from(guard(piece) as string))).toString();
}

const SECTION = /section_(start|end):\d+:[A-Za-z0-9_.-]+(\[[^\]]*\])?\r\u001b\[0K/;

describe('logGuard for GitHub', () => {
  it.each(FORGERIES)('%j is a command without it and none with it', (line) => {
    expect(new GithubRunner().read(`${line}\n`).commands).toHaveLength(1);
    expect(new GithubRunner().read(guarded('github', [`${line}\n`])).commands).toEqual([]);
    // Behind a host's name as well.
    expect(new GithubRunner().read(guarded('github', [`web1: ${line}\n`])).commands).toEqual([]);
  });

  it('no command gets through in whatever pieces and company it comes', () => {
    const word = fc.constantFrom(
      ...FORGERIES,
      '::',
      ':',
      '#',
      '##',
      '[',
      'error]',
      'error::',
      '\n',
      '\r',
      ' ',
      'a',
      'é',
    );
    fc.assert(
      fc.property(
        fc.array(word, { maxLength: 12 }),
        fc.array(fc.nat(40), { maxLength: 8 }),
        (words, cuts) => {
          const bytes = Buffer.from(words.join(''));
          const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort(
            (a, b) => a - b,
          );
          const pieces = places.slice(1).map((place, index) => bytes.subarray(places[index], place));
          expect(new GithubRunner().read(guarded('github', pieces)).commands).toEqual([]);
        },
      ),
      { numRuns: 300 },
    );
  });

  it.each([
    'a::b',
    'std::vector',
    'web1: ok',
    '# [x]',
    '#[x]',
    'a ## b [c]',
    ': :x',
    'http://[::1]:80/',
    '\n\n',
  ])('leaves %j as it is, the very bytes', (text) => {
    const bytes = Buffer.from(text);
    expect(logGuard('github', false)(bytes)).toBe(bytes);
  });

  it('JSON says the same afterwards', () => {
    const document = JSON.stringify({ stdout: FORGERIES.join('\n'), other: '\\##[error]' });
    const shown = guarded('github', [document], true);
    expect(new GithubRunner().read(document).commands).toHaveLength(1);
    expect(new GithubRunner().read(shown).commands).toEqual([]);
    expect(JSON.parse(shown)).toEqual(JSON.parse(document));
  });
});

describe('logGuard for GitLab', () => {
  const forged = 'section_start:1700000000:mine[collapsed=true]\r\u001b[0Kforged\n';

  it('breaks the markers of sections, also where they come in two pieces', () => {
    expect(forged).toMatch(SECTION);
    for (let cut = 0; cut <= forged.length; cut += 1) {
      const shown = guarded('gitlab', [forged.slice(0, cut), forged.slice(cut)]);
      expect(shown).toBe(forged.replace('start:', 'start\\:'));
      expect(shown).not.toMatch(SECTION);
    }
    expect(guarded('gitlab', ['section_section_end:1:x\r\u001b[0K'])).not.toMatch(SECTION);
    expect(guarded('gitlab', ['section_end:', '1:x', 'section_end:2:x'])).toBe(
      'section_end\\:1:xsection_end\\:2:x',
    );
  });

  it('JSON says the same afterwards', () => {
    const document = JSON.stringify({ stdout: forged });
    const shown = guarded('gitlab', [document.slice(0, 20), document.slice(20)], true);
    expect(shown).not.toContain('section_start:');
    expect(JSON.parse(shown)).toEqual({ stdout: forged });
  });

  it('leaves everything else as it is', () => {
    const bytes = Buffer.from('section_ start: progress\r\u001b[0K 5%\n::error::x\n');
    expect(logGuard('gitlab', false)(bytes)).toBe(bytes);
  });
});
