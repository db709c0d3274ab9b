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
const PARTS = [
  // An answer that nobody reads any more must not end it before its work is done.
  'me=$$; trap "" HUP PIPE; p=$PPID; s=; x=; l=; n=0',
  'scan() { x=$(ps -A -o pid= -o ppid= -o sid= -o stat= 2>/dev/null); }',
  [
    'learn() { scan; set -- $x; while test $# -ge 4; do',
    'if test $2 -eq $p && test $1 -ne $me; then case " $s " in *" $3 "*) ;; *) s="$s $3";; esac; fi; shift 4; done; }',
  ].join(' '),
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

/** @param graceSeconds between TERM and KILL when the connection is gone */
export function leashCommand(graceSeconds: number): string {
  const afterwards = [
    'shoot TERM; i=0',
    `while test $i -lt ${Math.max(1, Math.ceil(graceSeconds * 5))}; do live; if test $n -eq 0; then exit 0; fi`,
    'sleep 0.2 2>/dev/null || { sleep 1; i=$((i+4)); }; i=$((i+1)); done',
    'i=0; while test $i -lt 40; do shoot KILL; if test $n -eq 0; then exit 0; fi; i=$((i+1)); done',
  ];
  return `exec sh -c '${[...PARTS, ...afterwards].join('; ').replaceAll('do;', 'do')}'`;
}
