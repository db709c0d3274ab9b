import { oneLine, remoteCommand } from '../../transfer/remote-script.js';
import { RUNNER } from './runner-script.js';

/** Begins each line that a script tells us. */
export const TELL = 'pssh-ts:job ';
/** On both outputs of a job's logs: what follows is the job's. */
export const BEGIN = 'pssh-ts:begin\n';

/*
 * A job is a folder of its name. Whether it runs is not asked of its process id alone, which may be another's by now:
 * the process has to bear the job's mark among its arguments, where no other has it, and the host must not have been
 * started anew. Where there is no ps, the id and the boot have to do.
 *
 * _look NAME sets _state to none, starting, running, ended or died, and _r to how it ended or why it died.
 */
const COMMON = String.raw`
  _u=$(umask); umask 077;
  unset PSSH_MARK;
  _j=$HOME/.local/state/pssh-ts/jobs;
  _say() { printf "${TELL}%s\n" "$*"; };
  _nap() { sleep 0.2 2>/dev/null || { sleep 1; _i=$((_i+4)); }; };
  _now() { date -u +%Y-%m-%dT%H:%M:%SZ; };
  _boot() {
    ( PATH=$PATH:/sbin:/usr/sbin; sysctl -n kernel.random.boot_id || sysctl -n kern.bootsessionuuid || sysctl -n kern.boot_id || who -b ) 2>/dev/null | head -n 1 | tr -s " ";
  };
  _same() { _x=$(_boot); test -z "$_x" || test -z "$_b" || test "$_x" = "$_b"; };
  _leads() {
    test -n "$_p" && kill -s 0 "$_p" 2>/dev/null && _same || return 1;
    _x=$(ps -A -o pid= -o args= 2>/dev/null);
    if test -z "$_x"; then return 0; fi;
    printf "%s\n" "$_x" | grep "^ *$_p .*$_m" >/dev/null;
  };
  _ended() {
    test -f "$_d/status" || return 1;
    { read -r _r; read -r _e; } < "$_d/status";
    _state=ended;
  };
  _look() {
    _d=$_j/$1; _p=; _s=; _m=; _b=; _t=; _k=; _r=-; _e=; _state=died;
    if test ! -d "$_d"; then _state=none; return; fi;
    _q=; if test -f "$_d/starter"; then read -r _q < "$_d/starter"; fi;
    if test -n "$_q" && kill -s 0 "$_q" 2>/dev/null; then _q=alive; fi;
    if test -f "$_d/record"; then { read -r _p; read -r _s; read -r _m; read -r _b; read -r _t; read -r _k; } < "$_d/record"; fi;
    case $_p$_s in *[!0-9]*) _p=; _s=;; esac;
    case $_m in *[!0-9a-f]*) _m=; _p=;; esac;
    if _ended || { _leads && _state=running; } || _ended; then return; fi;
    if test -n "$_p"; then if _same; then _r=killed; else _r=restarted; fi;
    elif test "$_q" = alive; then _state=starting;
    else _r=unstarted; fi;
  };
  _tell() { _say "state|$_state|$_r|$_t|$_e|$_p"; };
`;

const script = (text: string): string => oneLine(`${COMMON}${text}`);

/*
 * 1 name, 2 mark, 3 bytes of the command's text, which is the input, 4 the command as it was written, 5 the runner.
 *
 * mkdir decides between two who start a job of one name. A folder that bears our own mark is what we began over a
 * connection that was lost.
 *
 * The session of its own is made by setsid(1); where there is none, a process group of its own by the shell's job
 * control does; else perl's or python's setsid. The shell that starts the runner, and waits for it, is killed once the
 * runner has told its number. A runner put into the background with "&" would have INT and QUIT ignored for good.
 */
const START = script(String.raw`
  _go=". \"\$1/runner\"";
  _launch() {
    sh -c "echo \$PPID";
    case $1 in
      setsid) setsid sh -c "$_go" "$_mark" "$_d" "$_u" setsid "$_b";;
      group) set -m; sh -c "$_go" "$_mark" "$_d" "$_u" group "$_b" & ;;
      perl) perl -MPOSIX=setsid -e "setsid() or exit; exec @ARGV" sh -c "$_go" "$_mark" "$_d" "$_u" perl "$_b";;
      python3) python3 -c "import os, sys; os.setsid(); os.execvp(sys.argv[1], sys.argv[1:])" sh -c "$_go" "$_mark" "$_d" "$_u" python3 "$_b";;
    esac;
    :;
  };
  _hear() {
    read -r _q;
    while read -r _w _x; do case $_w in ok) echo "$_x"; break;; no) break;; esac; done;
    kill -s KILL "$_q" 2>/dev/null;
  };
  _fail() { rm -rf "$_d"; _say "fault|$1"; exit 0; };
  _mark=$2; _d=$_j/$1;
  mkdir -p "$_j" && chmod 700 "$_j" || exit 1;
  if mkdir "$_d" 2>/dev/null; then :;
  elif test ! -d "$_d"; then mkdir "$_d"; exit 1;
  else
    _w=; if test -f "$_d/mark"; then read -r _w < "$_d/mark"; fi;
    _look "$1"; _i=0;
    while test "$_w" = "$_mark" && test $_state = starting && test $_i -lt 50; do _nap; _look "$1"; _i=$((_i+1)); done;
    if test "$_w" != "$_mark"; then _say taken; _tell; exit 0; fi;
    if test "$_r" != unstarted; then _say started; exit 0; fi;
    rm -rf "$_d"; mkdir "$_d" || exit 1;
  fi;
  echo $$ > "$_d/starter"; echo "$_mark" > "$_d/mark"; printf "%s\n" "$4" > "$_d/command";
  printf "%s\n" "$5" > "$_d/runner" && : > "$_d/stdout" && : > "$_d/stderr" && cat > "$_d/text";
  _n=$(wc -c < "$_d/text" | tr -d " ");
  if test "$_n" != "$3"; then _fail "the command did not arrive whole"; fi;
  _b=$(_boot); _a=;
  for _h in setsid group perl python3; do
    _a=$( _launch $_h </dev/null 2>/dev/null | _hear 2>/dev/null );
    if test -n "$_a"; then break; fi;
  done 2>/dev/null;
  if test -z "$_a"; then _fail "it can not be given a session of its own: the host has no setsid, perl or python3"; fi;
  _say started;
`);

/** @param bytes of the command's text, which the script reads */
export function startCommand(name: string, mark: string, bytes: number, command: string): string {
  return remoteCommand(START, [name, mark, String(bytes), command, RUNNER]);
}

const STATE = script(`
  _look "$1";
  _tell;
`);

/** How a job is. */
export const stateCommand = (name: string): string => remoteCommand(STATE, [name]);

/* 1 a name, or nothing for all. */
const LIST = script(String.raw`
  if test -d "$_j"; then cd "$_j" || exit 1; set -- @{1:-*}; else set --; fi;
  for _f in "$@"; do
    case $_f in *[!A-Za-z0-9._-]*) continue;; esac;
    _look "$_f";
    if test $_state = none; then continue; fi;
    _c=; if test -f "$_d/command"; then _c=$(head -n 1 "$_d/command" | LC_ALL=C tr "\000-\037\177" " "); fi;
    _say "job|$_state|$_r|$_t|$_e|$_p|$_f|$_c";
  done;
  _say listed;
`);

export const listCommand = (name: string | null): string => remoteCommand(LIST, [name ?? '']);

/*
 * 1 name. Looks every second, after a short while of looking more often; ps is asked only now and then, as the process
 * id hardly becomes another's meanwhile.
 */
const WAIT = script(`
  _look "$1"; _i=0;
  while case $_state in running|starting) true;; *) false;; esac; do
    if test $_i -lt 10; then _nap; else sleep 1; fi;
    _i=$((_i+1));
    if test -f "$_d/status" || ! kill -s 0 "$_p" 2>/dev/null || test $((_i % 30)) -eq 0; then _look "$1"; fi;
  done;
  _tell;
`);

export const waitCommand = (name: string): string => remoteCommand(WAIT, [name]);

/* 1 name, 2 f to follow, 3 and 4 bytes of stdout and stderr that were read already. */
const LOGS = script(String.raw`
  _size() { wc -c < "$_d/$1" | tr -d " "; };
  _more() {
    _o=$(_size stdout); _w=$(_size stderr);
    if test "$_o" -lt "$1"; then set -- 0 "$2"; fi;
    if test "$_w" -lt "$2"; then set -- "$1" 0; fi;
    if test "$_o" -gt "$1"; then tail -c +$(($1+1)) "$_d/stdout" | head -c $((_o-$1)) || exit 1; _i=0; fi;
    if test "$_w" -gt "$2"; then tail -c +$(($2+1)) "$_d/stderr" | head -c $((_w-$2)) >&2 || exit 1; _i=0; fi;
  };
  _look "$1"; _i=0;
  if test $_state = none || test ! -f "$_d/stdout" || test ! -f "$_d/stderr"; then _tell; exit 0; fi;
  printf "${BEGIN.trim()}\n"; printf "${BEGIN.trim()}\n" >&2;
  _more "$3" "$4";
  while test "$2" = f && case $_state in running|starting) true;; *) false;; esac; do
    if test $_i -lt 25; then _nap; else sleep 1; fi;
    _i=$((_i+1));
    if test -f "$_d/status" || ! kill -s 0 "$_p" 2>/dev/null || test $((_i % 30)) -eq 0; then _look "$1"; fi;
    _more "$_o" "$_w";
  done;
`);

export function logsCommand(name: string, follow: boolean, stdout: number, stderr: number): string {
  return remoteCommand(LOGS, [name, follow ? 'f' : 'n', String(stdout), String(stderr)]);
}

/*
 * 1 name, 2 the grace in fifths of a second. The runner is spared as long as others are left: it writes down how the
 * command ended. What a runner that died has left is taken for the job's only where one of it bears the mark in a
 * variable: its session id may be another's by now.
 */
const KILL = script(`
  _members() {
    _l=; _n=0;
    set -- $(ps -A -o pid= -o $_k= -o stat= 2>/dev/null);
    while test $# -ge 3; do
      if test "$2" = "$_s"; then case $3 in Z*) ;; *) _l="$_l $1"; _n=$((_n+1));; esac; fi;
      shift 3;
    done;
  };
  _marked() {
    ps axeww -o pid= -o args= 2>/dev/null | grep "PSSH_JOB_ID=$_m" |
    ( while read -r _x _y; do case " $_l " in *" $_x "*) exit 0;; esac; done; exit 1 );
  };
  _shoot() {
    _members; _x=;
    for _y in $_l; do test "$_y" = "$_p" || _x="$_x $_y"; done;
    if test -n "$_x"; then kill -s $1 $_x 2>/dev/null; fi;
  };
  _none() { _say kill none; _tell; exit 0; };
  _look "$1"; _i=0;
  while test $_state = starting && test $_i -lt 50; do _nap; _look "$1"; _i=$((_i+1)); done;
  if test -z "$_p" || ! _same; then _none; fi;
  _members;
  if test $_n -eq 0; then
    if test $_state != running; then _none; fi;
    kill -s TERM -- "-$_p" 2>/dev/null; _i=0;
    while kill -s 0 -- "-$_p" 2>/dev/null && test $_i -lt "$2"; do _nap; _i=$((_i+1)); done;
    kill -s KILL -- "-$_p" 2>/dev/null; _look "$1"; _say kill unknown; _tell; exit 0;
  fi;
  if test $_state != running && ! _marked; then _none; fi;
  _shoot TERM; _i=0;
  while test $_n -gt 0 && test $_i -lt "$2"; do _nap; _members; _i=$((_i+1)); done;
  _i=0; _z=;
  while test $_n -gt 0 && test $_i -lt 40; do
    _shoot KILL;
    if test $_i -ge 5; then kill -s KILL "$_p" 2>/dev/null; _z=1; fi;
    _nap; _members; _i=$((_i+1));
  done;
  _look "$1";
  if test -n "$_z" && test "$_r" = killed; then
    { echo signal KILL; _now; } > "$_d/status.new" && mv "$_d/status.new" "$_d/status"; _look "$1";
  fi;
  if test $_n -eq 0; then _say kill confirmed; else _say kill unknown; fi;
  _tell;
`);

export function killCommand(name: string, graceMs: number): string {
  return remoteCommand(KILL, [name, String(Math.max(1, Math.ceil(graceMs / 200)))]);
}

/* 1 name. The folder goes by its name first, so that it is never seen half. */
const CLEAN = script(`
  _look "$1";
  case $_state in
    ended|died) mv "$_d" "$_j/.gone-$$" && rm -rf "$_j/.gone-$$" && _say cleaned;;
    *) _tell;;
  esac;
`);

export const cleanCommand = (name: string): string => remoteCommand(CLEAN, [name]);
