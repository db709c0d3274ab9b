/** One line of an ssh_config with a keyword on it. */
export interface SshConfigLine {
  /** In lower case: ssh does not care. */
  readonly keyword: string;
  /** What follows, quotes and escapes resolved, a trailing comment left out. */
  readonly args: readonly string[];
  /** From 1. */
  readonly line: number;
  /** Why ssh refuses the line, in its words; ssh then gives up on the whole file. */
  readonly fault?: string;
}

/**
 * The lines of an ssh_config, read as ssh's readconf.c does: `Keyword args`, `keyword=args`, `Keyword = args`;
 * `"…"` and `'…'`, `\` before a quote, a backslash or a blank; `#` begins a comment where a word could begin.
 */
export function scanSshConfig(text: string): SshConfigLine[] {
  const lines: SshConfigLine[] = [];
  for (const [index, raw] of text.split('\n').entries()) {
    const scanned = scanLine(raw);
    if (scanned !== null) lines.push({ ...scanned, line: index + 1 });
  }
  return lines;
}

function scanLine(raw: string): Omit<SshConfigLine, 'line'> | null {
  const line = raw.replace(/[ \t\r\f]+$/, '');
  // One = between keyword and words, with or without blanks around it; more of them belong to the first word.
  const head = /^[ \t\r]*([^ \t\r="]+)(?:[ \t\r]*=)?[ \t\r]*/.exec(line);
  if (head?.[1] === undefined || head[1].startsWith('#')) return null;
  const keyword = head[1].toLowerCase();
  const rest = line.slice(head[0].length);
  if (rest === '') return { keyword, args: [], fault: `no argument after keyword "${keyword}"` };
  const args = splitWords(rest);
  return args === null ? { keyword, args: [], fault: 'invalid quotes' } : { keyword, args };
}

// argv_split() of OpenSSH 8.7 and later; null where a quote is never closed.
function splitWords(text: string): string[] | null {
  const words: string[] = [];
  let word: string | null = null;
  let quote = '';
  for (let i = 0; i < text.length; i++) {
    const character = text.charAt(i);
    const next = text.charAt(i + 1);
    const blank = quote === '' && (character === ' ' || character === '\t');
    if (blank) {
      if (word !== null) words.push(word);
      word = null;
      continue;
    }
    if (word === null && character === '#') break;
    word ??= '';
    if (character === '\\' && isEscape(next, quote)) {
      word += next;
      i++;
    } else if (quote === '' && (character === '"' || character === "'")) {
      quote = character;
    } else if (character === quote) {
      quote = '';
    } else {
      word += character;
    }
  }
  if (quote !== '') return null;
  if (word !== null) words.push(word);
  return words;
}

function isEscape(next: string, quote: string): boolean {
  return next === '"' || next === "'" || next === '\\' || (next === ' ' && quote === '');
}
