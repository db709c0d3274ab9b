import { quoteForSh } from '../../core/quote.js';
import { ending, joinParts } from '../leash/leash-script.js';

export interface InnerWork {
  /** What it says begins with this. */
  readonly mark: string;
  /** What ends when the command has to; empty: the host could make none. */
  readonly fifo: string;
  /** As the login has it; empty: it has none. */
  readonly locale: string;
  /** The terminal's state before we changed it; empty: there is no terminal. */
  readonly terminal: string;
  /** What stands before the words: variables, folder. */
  readonly lines: readonly string[];
  readonly graceSeconds: number;
  /** A terminal that is hung up ends the command too. */
  readonly endsWithTerminal: boolean;
}

const HEARD_SECONDS = 5;

// A tiny program tells a subshell its own process id; that tells its session.
const WHO = `o=$(exec sh -c 'echo $PPID'); q=$(sid)`;

/**
 * `above` lists in up those of this session that are above us (sudo, the login's shell, on dropbear the server), while
 * they are: whose parent has died has the same new one as what the command leaves. `live` counts in n, and lists in l,
 * the living processes of this session that the command has started: not those above us, nor those that such a one has
 * started for others, nor ourselves. Where ps can't tell sessions, n is never 0.
 */
const LIVE = [
  'all() { ps -A -o pid= -o ppid= -o sid= -o stat= 2>/dev/null; }',
  // A shell takes its time over thousands of processes.
  [
    'if command -v awk >/dev/null 2>&1; then sid() { all | awk "\\$1 == $o { print \\$3 }"; }',
    'ours() { all | awk "\\$3 == $q && \\$4 !~ /^Z/ { print \\$1, \\$2 }"; }',
  ].join('; '),
  'else sid() { all | while read -r a b c d; do if test $a -eq $o; then echo $c; fi; done; }',
  'ours() { all | while read -r a b c d; do case $c-$d in *-Z*) ;; $q-*) echo $a $b;; esac; done; }; fi',
  'above() { up=; y=$(ours); a=$me',
  'while :; do b=; set -- $y; while test $# -ge 2; do if test $1 -eq $a; then b=$2; fi; shift 2; done',
  'if test -z "$b"; then break; fi; up="$up$a "; a=$b; done; }',
  'live() { l=; n=0; if test -z "$q"; then n=1; return; fi; y=$(ours); k=" $o $up"',
  [
    'z=1; while test $z -eq 1; do z=0; set -- $y; while test $# -ge 2; do case $k in *" $1 "*) ;; *)',
    'if test $2 -ne $me; then case $k in *" $2 "*) k="$k$1 "; z=1;; esac; fi;; esac; shift 2; done; done',
  ].join(' '),
  'set -- $y; while test $# -ge 2; do case $k in *" $1 "*) ;; *) l="$l $1"; n=$((n+1));; esac; shift 2; done; }',
  'shoot() { live; if test $n -gt 0; then kill -s $1 $l 2>/dev/null; fi; }',
] as const;

/**
 * What the shell that sudo has started is told to do, on one line: 1 the login's shell, 2 the words.
 *
 * It says `watched` and runs the command, or `unwatched` where it can't see the FIFO, and then waits for a word of
 * ours. A watcher beside the command ends all of it once the FIFO has ended: TERM, the grace, KILL; it says `gone` only
 * when it saw that nothing is left. Only what runs as sudo's user can do that.
 */
export function innerScript({ mark, fifo, locale, terminal, lines, ...work }: InnerWork): string {
  const say = (word: string): string => `printf '%s\\n' '${mark} ${word}' >&`;
  const prefix = lines.map((line) => `${quoteForSh(line)}"$n"`).join('');
  const lcAll = locale === '' ? 'unset LC_ALL' : `LC_ALL=${quoteForSh(locale)}`;
  const deaf = 'trap "" HUP INT QUIT PIPE TERM';
  const end = ['trap "" USR1', WHO, 'finish', `live; if test $n -eq 0; then ${say('gone')}3; fi`];
  const aside = '3>&2 </dev/null >/dev/null 2>&1';
  // With a terminal sudo hands on what the leash, or a hangup, tells it, and the watcher may hear of it too late.
  const asked = work.endsWithTerminal && terminal !== '' ? 'HUP TERM' : 'TERM';
  return joinParts([
    'me=$$; w=',
    `if test "\${LC_ALL-}" = C; then ${lcAll}; fi`,
    ...(terminal === '' ? [] : [`stty ${quoteForSh(terminal)} 2>/dev/null`]),
    ...LIVE,
    ...ending('finish', work.graceSeconds),
    `f=${quoteForSh(fifo)}`,
    `if test -n "$f" && test -r "$f" && exec 4<"$f"; then ${say('watched')}2; w=1; else ${say('unwatched')}2; read -r x || exit 1; fi`,
    'h=; trap : HUP INT QUIT',
    `n=$(printf '\\nx'); n=\${n%x}; p=${prefix === '' ? "''" : prefix}`,
    `if test -n "$w"; then trap h=1 ${asked}; o=$me; q=$(sid); above`,
    // Of a sudo that is killed, what is left of it kills the command's process group: the watcher has one of its own.
    ...(terminal === '' ? [] : ['set -m 2>/dev/null']),
    `{ ${[deaf, 'read -r x <&4', ...end].join('; ')}; } ${aside} & w=$!`,
    ...(terminal === '' ? [] : ['set +m 2>/dev/null']),
    'fi',
    // A shell that tells who was killed has nobody to tell it to; without a subshell dash would have.
    `{ (exec "$1" -c "$p$2" 4<&- 2>&5 5>&-); e=$?; } 5>&2 2>/dev/null`,
    // They come in bursts, and a subshell forgets for a moment what its shell catches; what is ignored it keeps. Where
    // one has come the watcher will hear of it: let it work, but don't wait for ever.
    [
      `if test -n "$w"; then ${deaf}; { if test -n "$h"; then (trap - TERM; sleep ${HEARD_SECONDS}; kill -s USR1 $w) ${aside} &`,
      'else kill -s USR1 $w; fi; wait $w; } 2>/dev/null; fi',
    ].join(' '),
    `if test -n "$h"; then ( ${end.join('; ')}; ) ${aside}; fi`,
    'exit $e',
  ]);
}
