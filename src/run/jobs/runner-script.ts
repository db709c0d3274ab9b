import { oneLine } from '../../transfer/remote-script.js';

/*
 * What leads a job's session on the host: it starts the command as the server would, waits for it and writes down how
 * it ended. `$0` is the job's mark, 1 its folder, 2 the login's umask, 3 how it was started, 4 the boot it belongs to.
 * All names begin with `_`, because a variable that the login exports would go to the command with our value.
 *
 * The command's text, with the values of its variables, is taken away as soon as it is read.
 *
 * The record is there before the command begins: pid, what its processes are found by (the session, or where none was
 * made the process group), the mark, the boot, the time, and which of both it is.
 *
 * TERM and its kin reach the whole session; who is to tell the end must outlive it, so they are trapped (which, other
 * than ignored, is not passed on). A status over 128 is a signal only where the shell has told of one on its own
 * stderr, or for INT, PIPE and TERM, which not all shells tell of. Within the brackets, because dash would tell of it on
 * the command's stderr.
 */
export const RUNNER = oneLine(`
  _field() { ps -o "$1=" -p $$ 2>/dev/null | tr -d " "; };
  _s=$$; _k=pgid;
  if test "$3" = group; then
    if test "$(_field pgid)" != $$; then echo no; exit 0; fi;
  else
    case $(_field sid) in $$) _k=sid;; esac;
  fi;
  _now() { date -u +%Y-%m-%dT%H:%M:%SZ; };
  { echo $$; echo $_s; echo "$0"; echo "$4"; _now; echo $_k; } > "$1/record.new" && mv "$1/record.new" "$1/record" || { echo no; exit 0; };
  trap : HUP INT TERM QUIT USR1 USR2 ALRM;
  echo "ok $$";
  exec >/dev/null 2>"$1/note" </dev/null;
  _c=$(cat "$1/text"; echo x);
  rm -f "$1/text";
  _c=@{_c%x};
  umask "$2";
  unset SHLVL;
  PSSH_JOB=@{1##*/}; PSSH_JOB_ID=$0; export PSSH_JOB PSSH_JOB_ID;
  ( exec "@{SHELL:-/bin/sh}" -c "$_c" >>"$1/stdout" 2>>"$1/stderr" );
  _s=$?;
  umask 077;
  _r="exit $_s";
  if test $_s -gt 128; then
    _g=; _n=$((_s - 128));
    if test -s "$1/note"; then _g=$(kill -l $_n 2>/dev/null); fi;
    case $_s in 130) _g=INT;; 141) _g=PIPE;; 143) _g=TERM;; esac;
    if test -n "$_g"; then _r="signal @{_g#SIG}"; fi;
  fi;
  { echo "$_r"; _now; } > "$1/status.new" && mv -f "$1/status.new" "$1/status";
`);
