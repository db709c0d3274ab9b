import { quoteForShell } from '../core/quote.js';

/**
 * A script written on several lines, as one: each line ends with `;` or with a word that goes on. `@{` stands for the
 * `${` of the shell, which would be JavaScript's here.
 */
export function oneLine(script: string): string {
  return script
    .replaceAll('@{', '${')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .join(' ');
}

// A newline has no form that all login shells read: where a value holds one, all come with escapes.
const DECODE = oneLine(`
  k=$#;
  while test $k -gt 0; do v=$(printf "%b." "$1"); shift; set -- "$@" "@{v%.}"; k=$((k-1)); done;
`);

/** A POSIX script with its arguments as a command that every login shell reads alike. */
export function remoteCommand(script: string, args: readonly string[]): string {
  const escaped = args.some((arg) => /[\n\r]/.test(arg));
  const words = escaped ? args.map(withEscapes) : args;
  const text = escaped ? `${DECODE} ${script}` : script;
  return ['exec sh -c', quoteForShell(text), 'sh', ...words.map((word) => quoteWord(word))].join(' ');
}

// As printf's %b reads it.
const withEscapes = (value: string): string =>
  value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\r', '\\r');

const quoteWord = (word: string): string => (word === '' ? "''" : quoteForShell(word, 'path'));

/** What every script of ours begins with. */
export const PRELUDE = oneLine(String.raw`
  t=;
  fail() { test -z "$t" || rm -rf "$t" 2>/dev/null || { chmod -R u+rwx "$t"; rm -rf "$t"; } 2>/dev/null; exit 1; };
  die() { printf "pssh-ts: %s\n" "$1" >&2; fail; };
  trap fail HUP INT TERM PIPE;
  full() {
    case $1 in "~") d=$HOME;; "~/"*) d=$HOME/@{1#"~/"};; /*) d=$1;; *) d=$PWD/$1;; esac;
  };
  sum() {
    if command -v sha256sum >/dev/null 2>&1; then sha256sum;
    elif command -v shasum >/dev/null 2>&1; then shasum -a 256;
    elif command -v openssl >/dev/null 2>&1; then openssl dgst -sha256 -r;
    else die "the host has no sha256sum, shasum or openssl to compare with"; fi;
  };
`);

/** Said before what a script prints: a login shell's start files may have talked before. */
export const BEGIN = 'pssh-ts:begin\n';
export const SAY_BEGIN = String.raw`printf "pssh-ts:begin\n";`;
