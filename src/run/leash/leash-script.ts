import { quoteForShell } from '../../core/quote.js';

/**
 * The program at the remote end of the leash: a second session of the same connection, so that the commands it
 * watches are its siblings. It holds no quote `'`, no `!`, no backslash and no newline, so `exec sh -c '…'`
 * means the same in sh, bash, zsh, tcsh and fish. What it needs a `!` for stands behind it as `$0`.
 *
 * It kills by session id, not by process group: the group misses what `timeout` and csh's background jobs start.
 * What left the session on purpose (setsid) is left alone. Zombies count as dead: a container's pid 1 may never
 * reap. On dropbear all sessions of a connection are one: the leash, what it starts and the server are left out.
 *
 * What it kills has to be the connection's own. So it says `leash waits` first and goes on only at our `go`: then its
 * parent was the server when it looked, and not whoever adopted it when the server died (pid 1, whose children are
 * everybody's). The server has to be one with a process for each connection, which it is known by, as the commands of
 * a server of another kind may be another connection's. And a session counts only if a child of the server leads it,
 * or the server itself (dropbear).
 *
 * Then it learns the sessions that run, and says `leash PID` once it is armed.
 *
 *     go    arms it                                                         -> `leash PID`, or it leaves
 *     s SIG learns, and sends SIG to every process of the known sessions     -> `n COUNT SID…` (living before)
 *     l     counts                                                          -> `n COUNT SID…`
 *     o     which commands of the connection run; 0: no ps                   -> `o PID…`
 *     b     we are there (so does any other word)                           -> nothing
 *     q     leaves without touching anything
 *     EOF   TERM to all known sessions, after the grace KILL
 *     no word for the silence: says `lost`, then as at EOF, then leaves
 *
 * dash's read knows no time limit, so a child of the leash sleeps through the silence; each word wakes it with USR1,
 * and it sleeps anew: one fork a beat.
 *
 * KILL is sent again until nothing is left: what was forked after the snapshot misses the first.
 */
const BEFORE = [
  // An answer that nobody reads any more must not end it before its work is done.
  'me=$$; last=$0; p=$PPID; trap "" HUP PIPE; s=; x=; l=; n=0; k=; w=; z=; b=0',
  // What the leash has started, on dropbear in the same session: k are its children.
  [
    'scan() { x=$(ps -A -o pid= -o ppid= -o sid= -o stat= 2>/dev/null); k=" $me ";',
    'set -- $x; while test $# -ge 4; do if test $2 -eq $me; then k="$k$1 "; fi; shift 4; done; }',
  ].join(' '),
] as const;

/** The commands of this connection are the siblings. */
const SIBLINGS = [
  [
    'learn() { scan; set -- $x; while test $# -ge 4; do',
    'if test $2 -eq $p && test $1 -ne $me && { test $3 -eq $1 || test $3 -eq $p; }; then case " $s " in *" $3 "*) ;; *) s="$s $3";; esac; fi; shift 4; done; }',
  ].join(' '),
];

/**
 * Of a login of its own (`--no-mux`) nothing is a sibling. What leads a session, bears the mark (in its text, or in a
 * variable: `e` shows those) and was started by the server is the command; a setsid child was not started by it.
 */
const MARKED = [
  'p=0; read m',
  'marked() { ps axeww -o pid= -o ppid= -o sid= -o args= 2>/dev/null | while read a b c d; do case $d in (*$m*) test $a -eq $c && echo $a $b;; esac; done; }',
  [
    'learn() { set -- $(marked); while test $# -ge 2; do case $(ps -o args= -p $2) in (*sshd*|*dropbear*)',
    'case " $s " in (*" $1 "*) ;; (*) s="$s $1";; esac;; esac; shift 2; done; }',
  ].join(' '),
];

const REST = [
  [
    'live() { scan; l=; n=0; set -- $x; while test $# -ge 4; do case " $s " in *" $3 "*) case $4 in Z*) ;; *)',
    'case $k in *" $1 "*|*" $2 "*) ;; *) if test $1 -ne $p; then l="$l $1"; n=$((n+1)); fi;; esac;;',
    'esac;; esac; shift 4; done; }',
  ].join(' '),
  'shoot() { live; if test $n -gt 0; then kill -s $1 $l 2>/dev/null; fi; }',
] as const;

/** TERM, the grace, KILL: a function `name` of the script, in which `live` counts to n and `shoot SIG` signals as well. */
export function ending(name: string, graceSeconds: number): string[] {
  return [
    `${name}() { shoot TERM; i=0`,
    `while test $i -lt ${Math.max(1, Math.ceil(graceSeconds * 5))}; do live; if test $n -eq 0; then return; fi`,
    'sleep 0.2 2>/dev/null || { sleep 1; i=$((i+4)); }; i=$((i+1)); done',
    'i=0; while test $i -lt 40; do shoot KILL; if test $n -eq 0; then return; fi; i=$((i+1)); done; }',
  ];
}

// The child keeps our output (3) for its one word; its sleep does not, or the session would last as long.
export function watch(silenceSeconds: number): string[] {
  return [
    // Asked anew: a TERM between the start of a sleep and the next line must not leave it behind.
    // And by KILL: a fork that has not run yet still has the shell's own hand on TERM, and would sleep on.
    'nap() { eval z=$last; kill -s KILL $z 2>/dev/null; }',
    'watch() { trap "b=1" USR1; trap "nap; exit 0" TERM; echo leash $me >&3; while :; do b=0',
    `sleep ${silenceSeconds} 3>&- & eval z=$last; wait $z; if test $b -eq 0; then break; fi; nap; done`,
    'echo lost >&3; finish; kill $me; }',
  ];
}

export const GREET = ['echo leash waits; read c || exit 0; test $c = go || exit 0'] as const;

export const BELOW_A_SERVER = [
  [
    'case $(ps -A -o pid= -o comm= 2>/dev/null | while read a b; do if test $a -eq $p; then echo $b; fi; done) in',
    '*sshd*|*dropbear*) ;; *) exit 0;; esac',
  ].join(' '),
] as const;

// Zombies count: the server has not told their end yet. No process is started while one that was seen before is there.
const COMMANDS = [
  'over() { for j in $y; do if kill -s 0 $j 2>/dev/null; then return; fi; done',
  'scan; if test -z "$x"; then y=0; return; fi',
  'y=; set -- $x; while test $# -ge 4; do if test $2 -eq $p && test $1 -ne $me; then y="$y $1"; fi; shift 4; done; }',
] as const;

const TALK = [
  'y=; learn',
  'watch 3>&1 </dev/null >/dev/null 2>&1 & eval w=$last',
  [
    'while read c a; do kill -s USR1 $w 2>/dev/null; case $c in s) learn; shoot $a; echo n $n $s;;',
    'l) live; echo n $n $s;; o) over; echo o $y;; q) kill $w 2>/dev/null; exit 0;; esac; done',
  ].join(' '),
  'kill $w 2>/dev/null; finish',
] as const;

export interface LeashTimes {
  /** Between TERM and KILL when the connection is gone. */
  readonly graceSeconds: number;
  /** Without a word of ours for this long the network counts as lost. */
  readonly silenceSeconds: number;
  /** The command is found by a mark, the first line of the input, not as a sibling. @default false */
  readonly marked?: boolean;
}

export function leashCommand({ graceSeconds, silenceSeconds, marked = false }: LeashTimes): string {
  const find = marked ? MARKED : SIBLINGS;
  const greet = marked ? GREET : [...GREET, ...BELOW_A_SERVER];
  const after = [...COMMANDS, ...ending('finish', graceSeconds), ...watch(silenceSeconds), ...greet, ...TALK];
  return scriptCommand([...BEFORE, ...find, ...REST, ...after]);
}

/** The parts of such a script as a command; `$0` of it is what it needs a `!` for. */
export function scriptCommand(parts: readonly string[]): string {
  return `exec sh -c '${joinParts(parts)}' ${quoteForShell('$!')}`;
}

/** On one line. */
export function joinParts(parts: readonly string[]): string {
  return parts.join('; ').replaceAll('do;', 'do');
}
