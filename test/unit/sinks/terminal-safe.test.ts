import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { terminalSafe } from '../../../src/sinks/terminal-safe.js';

const RENDITION = /\u001b\[[0-9;:]{0,64}m/g;
// By Unicode's own properties, not by the list that is tested: controls, format characters that turn the direction
// of writing, separators of lines and paragraphs.
const HARMFUL = /[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}]/gu;

/** What could do harm on a terminal; renditions, tabs and newlines may pass. */
const gotThrough = (text: string): string[] =>
  [...text.replace(RENDITION, '').matchAll(HARMFUL)]
    .map(([found]) => found)
    .filter((found) => !/[\t\n]/.test(found));

/** What is left when the renditions are taken out must be free of control characters. */
function expectHarmless(text: string): void {
  expect(gotThrough(text)).toEqual([]);
}

describe('terminalSafe', () => {
  it.each<[string, string]>([
    ['window title', '\u001b]0;title\u0007'],
    ['window title, ended by ST', '\u001b]2;title\u001b\\'],
    ['clipboard', '\u001b]52;c;ZWNobyBJTkpFQ1RFRA==\u0007'],
    ['hyperlink', '\u001b]8;;http://evil/\u001b\\here\u001b]8;;\u001b\\'],
    ['palette', '\u001b]4;1;rgb:00/00/00\u0007'],
    ['notification', '\u001b]777;notify;a;b\u0007'],
    ['iTerm file', '\u001b]1337;File=name=eA==;inline=1:eA==\u0007'],
    ['clear screen', '\u001b[2J\u001b[3J'],
    ['cursor home', '\u001b[H'],
    ['cursor up and overwrite', 'ok\u001b[1A\u001b[2Krm -rf /'],
    ['hide cursor', '\u001b[?25l'],
    ['alternate screen', '\u001b[?1049h'],
    ['bracketed paste off', '\u001b[?2004l'],
    ['mouse reports', '\u001b[?1000h\u001b[?1006h'],
    ['scroll region', '\u001b[1;1r'],
    ['window size', '\u001b[8;1;1t'],
    ['title report', '\u001b[21t'],
    ['device attributes', '\u001b[c\u001b[>c'],
    ['status report', '\u001b[6n'],
    ['modifyOtherKeys', '\u001b[>4;2m'],
    ['private m', '\u001b[?4m'],
    ['m with an intermediate', '\u001b[1 m'],
    ['xterm 256 colours broken off', '\u001b[38;5'],
    ['DCS, DECRQSS', '\u001bP$qm\u001b\\'],
    ['sixel', '\u001bPq#0;2;0;0;0\u001b\\'],
    ['APC', '\u001b_Gi=1;\u001b\\'],
    ['PM', '\u001b^x\u001b\\'],
    ['SOS', '\u001bXx\u001b\\'],
    ['full reset', '\u001bc'],
    ['charset', '\u001b(0'],
    ['shift out', '\u000e'],
    ['print screen', '\u001b[5i'],
    ['8-bit CSI', '\u009b2J'],
    ['8-bit CSI m', '\u009b31m'],
    ['8-bit OSC', '\u009d0;x\u009c'],
    ['8-bit DCS', '\u0090q\u009c'],
    ['NEL, index, reverse index', '\u0085\u0084\u008d'],
    ['bell', '\u0007'],
    ['backspaces over the prefix', 'x\b\b\b\b\b\bfake: y'],
    ['carriage return over the prefix', 'x\rfake: y'],
    ['form feed and vertical tab', '\f\v'],
    ['delete', '\u007f'],
    ['NUL', '\0'],
    ['a lone escape at the end', 'x\u001b'],
    ['an escape cut by a newline', '\u001b\n[2J'],
    ['an escape cut by a CR that goes', '\u001b\r\n[2J'],
    ['an escape in an escape', '\u001b[\u001b[2J'],
    ['a rendition in an escape', '\u001b[\u001b[31m2J'],
    ['answerback', '\u0005'],
    ['line and paragraph separators', 'x\u2028node2: forged\u2029node3: forged'],
    ['right-to-left override', 'x\u202eelif.txt\u202c'],
    ['isolates and marks', '\u2066a\u2067b\u2068c\u2069\u200e\u200f\u061c'],
    ['deprecated format characters, annotations', '\u206a\u206f\ufff9a\ufffab\ufffb'],
    ['a rendition that never ends', `\u001b[${'1;'.repeat(500)}m`],
    ['tmux and screen pass-through', '\u001bPtmux;\u001b\u001b]52;c;eA==\u0007\u001b\\'],
    ['screen title', '\u001bktitle\u001b\\'],
    ['kitty keyboard', '\u001b[>1u\u001b[=1;1u'],
    ['repeat the last character', 'x\u001b[9999b'],
    ['insert and delete lines', '\u001b[9L\u001b[9M\u001b[9@\u001b[9P'],
    ['save and restore the cursor', '\u001b7\u001b8\u001b[s\u001b[u'],
    ['tab stops', '\u001bH\u001b[3g'],
    ['double height', '\u001b#3'],
    ['VT52 mode', '\u001b[?2l\u001b<\u001bY  '],
    ['sixel, ReGIS, DECUDK', '\u001bP0;1|17/0a\u001b\\'],
    ['shell integration marks', '\u001b]133;A\u0007\u001b]633;E;rm\u0007'],
    ['working folder', '\u001b]7;file://evil/\u0007'],
    ['8-bit APC, PM, SOS', '\u009fx\u009c\u009ex\u009c\u0098x\u009c'],
  ])('%s', (_what, text) => {
    const safe = terminalSafe(`before ${text} after\n`);
    expectHarmless(safe);
    expect(safe).toMatch(/^before .* after/s);
  });

  it('lets colours pass and ends them with the line', () => {
    expect(terminalSafe('\u001b[1;31mred\u001b[0m\n')).toBe('\u001b[1;31mred\u001b[0m\u001b[0m\n');
    expect(terminalSafe('\u001b[38:2::1:2:3mx\n\u001b[my\nz\n')).toBe(
      '\u001b[38:2::1:2:3mx\u001b[0m\n\u001b[my\u001b[0m\nz\n',
    );
    expect(terminalSafe('\u001b[31mno newline')).toBe('\u001b[31mno newline\u001b[0m');
  });

  it('of every character alone, these get through and those are shown', () => {
    const shown: string[] = [];
    for (let start = 0; start <= 0x10ffff; start += 0x800) {
      // The halves of a pair are no characters.
      if (start === 0xd800) continue;
      const characters = Array.from({ length: 0x800 }, (_, index) => String.fromCodePoint(start + index));
      const block = characters.map((character) => `<${character}>`).join('');
      const safe = terminalSafe(block);
      expect(gotThrough(safe)).toEqual([]);
      if (safe === block) continue;
      for (const [index, character] of characters.entries())
        if (terminalSafe(`<${character}>`) !== `<${character}>`) shown.push((start + index).toString(16));
    }
    const range = (from: number, to: number): string[] =>
      Array.from({ length: to - from + 1 }, (_, index) => (from + index).toString(16));
    expect(shown).toEqual([
      ...range(0x00, 0x08),
      ...range(0x0b, 0x1f),
      ...range(0x7f, 0x9f),
      ...['61c', '200e', '200f'],
      ...range(0x2028, 0x202e),
      ...range(0x2066, 0x206f),
      ...range(0xfff9, 0xfffb),
    ]);
  });

  it('lists what got through of all the sequences a terminal may know: renditions alone', () => {
    const finals = Array.from({ length: 0x7e - 0x40 + 1 }, (_, index) => String.fromCharCode(0x40 + index));
    const sequences = ['', '1', '31;1', '38:2::1:2:3', '?1', '>1', '=1', '<1', '1 ', '1$', '!', '"'].flatMap(
      (parameters) => finals.map((final) => `\u001b[${parameters}${final}`),
    );
    const passed = sequences.filter((sequence) => terminalSafe(sequence).startsWith(sequence));
    expect(passed).toEqual(['\u001b[m', '\u001b[1m', '\u001b[31;1m', '\u001b[38:2::1:2:3m']);
    const others = Array.from(
      { length: 0x7e - 0x20 + 1 },
      (_, index) => `\u001b${String.fromCharCode(0x20 + index)}`,
    );
    expect(others.filter((sequence) => terminalSafe(sequence).startsWith(sequence))).toEqual([]);
  });

  it('shows what it takes', () => {
    expect(terminalSafe('\u0000\u0007\u001b\u007f\u009b')).toBe('␀␇␛␡\\x9b');
  });

  it('leaves text, tabs and newlines as they are; CRLF becomes LF', () => {
    const text = 'tab\there é 日本語 🦊 [31m ^[\n\n  x';
    expect(terminalSafe(text)).toBe(text);
    expect(terminalSafe('a\r\nb\r\r\n')).toBe('a\nb\n');
    expect(terminalSafe('')).toBe('');
  });

  it('nothing but renditions gets through, and none outlives its line', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        '\u001b',
        '\u001b[',
        '\u001b[31m',
        'm',
        '[',
        ';',
        '1',
        '?',
        '>',
        '\r',
        '\n',
        '\t',
        '\u009b',
        ']0;',
        '\u0007',
      ),
      fc.string({ unit: 'binary' }),
    );
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        const safe = terminalSafe(pieces.join(''));
        expectHarmless(safe);
        for (const line of safe.split('\n')) {
          if (line.includes('\u001b')) expect(line.endsWith('\u001b[0m')).toBe(true);
        }
      }),
    );
  });
});

it('a million carriage returns take no time to speak of', () => {
  // One pass over the text; a look ahead from each of them took minutes.
  expect(terminalSafe(`${'\r'.repeat(1_000_000)}x`)).toHaveLength(1_000_001);
  expect(terminalSafe(`${'\r'.repeat(1_000_000)}\n`)).toBe('\n');
});
