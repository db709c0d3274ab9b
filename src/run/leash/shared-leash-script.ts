import { BELOW_A_SERVER, ending, GREET, type LeashTimes, scriptCommand, watch } from './leash-script.js';

/**
 * The program at the remote end of a leash that several commands of one connection share, each with a mark in its text
 * and its variables, all marks with the same beginning. As leash-script.ts tells, it is written so that every login
 * shell reads it alike, looks for its own server first, and goes on at our `go`. The marks' beginning is the first line
 * of its input.
 *
 *     go               arms it                                                    -> `leash PID`, or it leaves
 *     a N              learns which sessions run                                  -> `r N 0 SID…`
 *     s N SIG M SID…   SIG to every process of the sessions of mark M, and of SID… -> `r N COUNT SID…` (living before)
 *     l N M SID…       counts them                                                -> `r N COUNT SID…`
 *     b                we are there (so does any other word)                      -> nothing
 *     q                leaves without touching anything
 *     EOF              TERM to the sessions of all marks, after the grace KILL; and the folder of their files goes
 *     no word for the silence: says `lost`, then as at EOF, then leaves
 *
 * A session is a mark's if its leader bears the mark and is a child of the server: what left its session on purpose bears
 * it too and is left alone. Once the server is gone a leader has another parent, so that then those count that were
 * learnt before and still bear it, and those in whose text it stands. On dropbear all sessions of a connection are one:
 * there each process that bears the mark counts, and the session is called x.
 */
const BEFORE = [
  'me=$$; last=$0; p=$PPID; trap "" HUP PIPE; s=; t=; x=; l=; n=0; w=; z=; b=0; read -r m',
] as const;

const LOOK = [
  'u="-o pid= -o ppid= -o sid= -o stat= -o args="',
  // Without variables where ps can not show them.
  'look() { ps axeww $u 2>/dev/null || ps -A $u 2>/dev/null; }',
  // PID PPID SID STAT, and whether it bears the mark. The mark stands in no text or variable of the programs that look.
  [
    'h=@{last%?}; if command -v awk >/dev/null 2>&1; then sift() { { echo $1; look; } | awk "NR == 1 { m = @{h}1; next }',
    '{ print @{h}1, @{h}2, @{h}3, @{h}4, (index(@{h}0, m) > 0) }"; }',
  ].join(' '),
  // A shell reads a pipe byte by byte, and the variables of all processes are many.
  'else sift() { look | while read -r a d e f g; do case $g in *$1*) echo $a $d $e $f 1;; *) echo $a $d $e $f 0;; esac; done; }',
  'fi',
  'learn() { s=; set -- $(sift $m); while test $# -ge 5; do if test $5 -eq 1 && test $1 -eq $3 && test $2 -eq $p; then s="$s $1"; fi; shift 5; done; }',
] as const;

/** What `pick MARK SID…` finds: the sessions in t, their living processes in l and how many in n. */
const PICK = [
  'pick() { t=; if test $# -eq 0; then l=; n=0; return; fi; x=$(sift $1); shift; t=$*',
  'set -- $x; while test $# -ge 5; do if test $5 -eq 1; then if test $3 -eq $p; then case " $t " in *" x "*) ;; *) t="$t x";; esac',
  'elif test $1 -eq $3 && test $2 -eq $p; then case " $t " in *" $1 "*) ;; *) t="$t $1";; esac; fi; fi; shift 5; done',
  'l=; n=0; set -- $x; while test $# -ge 5; do y=0; case " $t " in *" $3 "*) y=1;; esac',
  'if test $5 -eq 1 && test $3 -eq $p; then y=1; fi',
  'case $4 in Z*) y=0;; esac; if test $1 -eq $me || test $1 -eq $p; then y=0; fi',
  'if test $y -eq 1; then l="$l $1"; n=$((n+1)); fi; shift 5; done; }',
] as const;

const ALL = [
  'live() { pick $m $k; }',
  'shoot() { live; if test $n -gt 0; then kill -s $1 $l 2>/dev/null; fi; }',
  // Those that were learnt and are still the same, and those in whose text the mark stands.
  'left() { k=; set -- $(sift $m); while test $# -ge 5; do if test $5 -eq 1 && test $1 -eq $3; then case " $s " in *" $1 "*) k="$k $1";; esac; fi; shift 5; done',
  'k="$k $(ps -A -o pid= -o sid= -o args= 2>/dev/null | while read -r a d e; do case $e in (*$m*) if test $a -eq $d; then echo $a; fi;; esac; done)"; }',
] as const;

const TALK = [
  'learn',
  'watch 3>&1 </dev/null >/dev/null 2>&1 & eval w=$last',
  'while read -r q i r; do kill -s USR1 $w 2>/dev/null',
  [
    'case $q in a) learn; echo r $i 0 $s;; l) pick $r; echo r $i $n $t;;',
    's) o=@{r%% *}; pick @{r#* }; if test $n -gt 0; then kill -s $o $l 2>/dev/null; fi; echo r $i $n $t;;',
    'q) kill $w 2>/dev/null; exit 0;; esac; done',
  ].join(' '),
  'kill $w 2>/dev/null; finish',
] as const;

/** The folder for the files of the commands that bear a mark, in a script in which `@{` stands for the shell's. */
export const folderOfMark = (mark: string): string => `@{TMPDIR:-/tmp}/pssh-ts-${mark}`;

export function sharedLeashCommand({ graceSeconds, silenceSeconds }: Omit<LeashTimes, 'marked'>): string {
  const finish = `finish() { left; all; rm -rf -- "${folderOfMark('$m')}"; }`;
  const parts = [...BEFORE, ...LOOK, ...PICK, ...ALL, ...ending('all', graceSeconds), finish];
  const text = [...parts, ...watch(silenceSeconds), ...GREET, ...BELOW_A_SERVER, ...TALK];
  return scriptCommand(text.map((part) => part.replaceAll('@{', '${')));
}
