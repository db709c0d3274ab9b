/**
 * The program at the remote end of the leash: a second session of the same connection, so that the commands it
 * watches are its siblings. It holds no quote `'`, no `!`, no backslash and no newline, so `exec sh -c '…'`
 * means the same in sh, bash, zsh, tcsh and fish.
 *
 * It kills by session id, not by process group: the group misses what `timeout` and csh's background jobs start.
 * What left the session on purpose (setsid) is left alone. Zombies count as dead: a container's pid 1 may never
 * reap. On dropbear all sessions of a connection are one: the leash, its children and the server are left out.
 *
 * It learns the sessions that run when it starts, and says `leash PID` once it knows them: from then on it is armed.
 *
 *     s SIG learns, and sends SIG to every process of the known sessions     -> `n COUNT SID…` (living before)
 *     l     counts                                                          -> `n COUNT SID…`
 *     q     leaves without touching anything
 *     EOF   TERM to all known sessions, after the grace KILL
 *
 * KILL is sent again until nothing is left: what was forked after the snapshot misses the first.
 */
const BEGIN = [
  // An answer that nobody reads any more must not end it before its work is done.
  'me=$$; trap "" HUP PIPE; p=$PPID; s=; x=; l=; n=0',
  'scan() { x=$(ps -A -o pid= -o ppid= -o sid= -o stat= 2>/dev/null); }',
] as const;

/** The commands of this connection are the siblings. */
const SIBLINGS = [
  [
    'learn() { scan; set -- $x; while test $# -ge 4; do',
    'if test $2 -eq $p && test $1 -ne $me; then case " $s " in *" $3 "*) ;; *) s="$s $3";; esac; fi; shift 4; done; }',
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
    'if test $1 -ne $me && test $1 -ne $p && test $2 -ne $me; then l="$l $1"; n=$((n+1)); fi;; esac;; esac; shift 4; done; }',
  ].join(' '),
  'shoot() { live; if test $n -gt 0; then kill -s $1 $l 2>/dev/null; fi; }',
  'learn',
  'echo leash $me',
  [
    'while read c a; do case $c in s) learn; shoot $a; echo n $n $s;; l) live; echo n $n $s;;',
    'q) exit 0;; esac; done',
  ].join(' '),
] as const;

/**
 * @param graceSeconds between TERM and KILL when the connection is gone
 * @param marked the command is found by a mark, the first line of the input, not as a sibling
 */
export function leashCommand(graceSeconds: number, marked = false): string {
  const afterwards = [
    'shoot TERM; i=0',
    `while test $i -lt ${Math.max(1, Math.ceil(graceSeconds * 5))}; do live; if test $n -eq 0; then exit 0; fi`,
    'sleep 0.2 2>/dev/null || { sleep 1; i=$((i+4)); }; i=$((i+1)); done',
    'i=0; while test $i -lt 40; do shoot KILL; if test $n -eq 0; then exit 0; fi; i=$((i+1)); done',
  ];
  return `exec sh -c '${[...BEGIN, ...(marked ? MARKED : SIBLINGS), ...REST, ...afterwards].join('; ').replaceAll('do;', 'do')}'`;
}
