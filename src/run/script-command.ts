import { oneLine, remoteCommand } from '../transfer/remote-script.js';

/** A program that is sent to the hosts and run there. */
export interface Script {
  /** Its name there, without folders. */
  readonly name: string;
  readonly bytes: Uint8Array;
  /** As its first line has it; null: the system starts it. */
  readonly interpreter: { readonly program: string; readonly argument: string } | null;
}

/*
 * 1 size, 2 id, 3 name, 4 interpreter, 5 its argument, then the script's own. The script comes as stdin. It runs in the
 * background, so that the trap takes the folder away at once, also where the script itself does not heed the TERM.
 * What a KILL left behind the next script takes away, once the shell that made it is gone.
 */
const RUN_SCRIPT = oneLine(String.raw`
  die() { printf "pssh-ts: %s\n" "$1" >&2; exit 125; };
  p=@{TMPDIR:-/tmp}; p=@{p%/}/.pssh-ts-script;
  for s in "$p".*; do
    test -d "$s" || continue;
    o=@{s#"$p".}; o=@{o%%.*};
    case $o in ""|*[!0-9]*) continue;; esac;
    kill -0 "$o" 2>/dev/null || ps -p "$o" >/dev/null 2>&1 || rm -rf "$s" 2>/dev/null;
  done;
  d=$p.$$.$2; f=$d/$3; n=$1; i=$4; a=$5;
  u=$(umask); umask 077;
  mkdir "$d" || die "no folder for the script can be made in @{TMPDIR:-/tmp}";
  trap "rm -rf \"\$d\"" 0;
  trap "exit 129" HUP; trap "exit 130" INT; trap "exit 141" PIPE; trap "exit 143" TERM;
  cat > "$f" || die "the script can not be written to @{TMPDIR:-/tmp}";
  test "$(($(wc -c < "$f")))" = "$n" || die "the script came cut short";
  test -n "$i" || chmod 700 "$f";
  umask "$u"; shift 5;
  if test -n "$a"; then "$i" "$a" "$f" "$@" </dev/null &
  elif test -n "$i"; then "$i" "$f" "$@" </dev/null &
  else "$f" "$@" </dev/null & fi;
  wait $!; exit $?;
`);

/** The command that receives a script as its input and runs it. @param id tells two runs apart */
export function scriptCommand(
  { name, bytes, interpreter }: Script,
  args: readonly string[],
  id: string,
): string {
  const { program, argument } = interpreter ?? { program: '', argument: '' };
  return remoteCommand(RUN_SCRIPT, [String(bytes.length), id, name, program, argument, ...args]);
}
