export interface ShellWordsOptions {
  /** `#` outside quotes begins a comment, in the middle of a word too. */
  readonly comments?: boolean;
}

/**
 * Splits a line as Python's shlex.split does (what Ansible reads host lines and ssh arguments with), which
 * is nearly POSIX sh: `'…'`, `"…"` with `\"` and `\\`, `\x`. A string tells what is wrong with the line.
 */
export function shellWords(line: string, { comments = false }: ShellWordsOptions = {}): string[] | string {
  const words: string[] = [];
  let word: string | null = null;
  let quote = '';
  for (let i = 0; i < line.length; i++) {
    const character = line.charAt(i);
    const next = line.charAt(i + 1);
    if (character === '\\' && quote !== "'") {
      if (next === '') return 'nothing follows the last backslash';
      // In double quotes a backslash is itself, but before " and \.
      word = (word ?? '') + (quote === '"' && next !== '"' && next !== '\\' ? `\\${next}` : next);
      i++;
    } else if (quote !== '') {
      if (character === quote) quote = '';
      else word += character;
    } else if (character === '"' || character === "'") {
      quote = character;
      word ??= '';
    } else if (/[ \t\r\n]/.test(character)) {
      if (word !== null) words.push(word);
      word = null;
    } else if (comments && character === '#') {
      break;
    } else {
      word = (word ?? '') + character;
    }
  }
  if (quote !== '') return `a ${quote} is never closed`;
  if (word !== null) words.push(word);
  return words;
}
