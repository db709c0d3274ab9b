import type { Candidate, Offer } from './candidates.js';
import { type Unquoted, unquote } from './unquote.js';

export const COMPLETION_SHELLS = ['bash', 'zsh', 'fish'] as const;
export type CompletionShell = (typeof COMPLETION_SHELLS)[number];

/** What a shell's script asked. */
export interface Asked {
  readonly shell: CompletionShell;
  /** bash's COMP_WORDBREAKS: it replaces only what stands behind the last of these. */
  readonly breaks: string;
  readonly words: readonly string[];
  readonly current: Unquoted;
}

/** Null: nobody of ours asks so. */
export function readAsked([name, ...rest]: readonly string[]): Asked | null {
  const shell = COMPLETION_SHELLS.find((known) => known === name);
  const [breaks = '', ...typed] = shell === 'bash' ? rest : ['', ...rest];
  const last = typed.at(-1);
  if (shell === undefined || last === undefined) return null;
  // zsh has taken the quotes off.
  const plain = (word: string): Unquoted => (shell === 'zsh' ? { text: word, openAt: null } : unquote(word));
  return { shell, breaks, words: typed.slice(0, -1).map((word) => plain(word).text), current: plain(last) };
}

/** For each shell's script: the kind, what it needs to find files itself, then a candidate a line. Empty: none. */
export function formatFor({ shell, breaks, current: { text, openAt } }: Asked, offer: Offer): string {
  const { kind, start, candidates } = offer;
  if (kind === 'words' && candidates.length === 0) return '';
  const before = text.slice(0, start);
  const typed = text.slice(start);
  const lines: readonly string[] = {
    bash: () => {
      // What stands before this place bash leaves alone, so it may not come again.
      const kept = openAt ?? lastBreak(text, breaks);
      const found = candidates.map((one) => `${before}${one.text}`.slice(kept));
      return [before.slice(kept), String(Math.max(0, kept - start)), typed, ...found];
    },
    zsh: () => [String(start), ...candidates.map((one) => withAbout(one.text, one))],
    fish: () => [before, typed, ...candidates.map((one) => withAbout(`${before}${one.text}`, one))],
  }[shell]();
  return `${[kind, ...lines].join('\n')}\n`;
}

const withAbout = (text: string, { about }: Candidate): string => (about === '' ? text : `${text}\t${about}`);

/** Where the part begins that bash replaces: behind a break, but an @ is a part of it (readline's special prefixes). */
function lastBreak(text: string, breaks: string): number {
  for (let place = text.length - 1; place >= 0; place -= 1)
    if (breaks.includes(text.charAt(place))) return text.charAt(place) === '@' ? place : place + 1;
  return 0;
}
