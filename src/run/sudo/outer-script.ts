import { oneLine, remoteCommand } from '../../transfer/remote-script.js';

/** Words by which the two sides of a command under sudo know each other; nobody can guess one. */
export interface SudoMarks {
  /** What our own shell, and sudo's prompt, are known by. */
  readonly talk: string;
  /** What the shell that sudo has started says first. */
  readonly started: string;
  /** What that shell says from then on. No argument has it: the command itself can't say it. */
  readonly inner: string;
}

/** What follows the mark in sudo's prompt, and in the word that there is no sudo. */
export const PROMPT = ' password:';
export const MISSING = ' no sudo';

/*
 * The first words of the shell that sudo has started: 0 the mark that says so. What it does then is read from its
 * input, so that sudo's log has the user's words and little else, and that nothing is run which we have given up.
 * A terminal would cut that line at 4096 bytes.
 */
const STARTER = oneLine(`
  test ! -t 0 || stty -icanon min 1 time 0 2>/dev/null;
  printf "%s\\n" "$0" >&2;
  read -r s && eval "$s"
`);

/*
 * What the login runs: 1 mark, 2 the mark of the start, 3 user or nothing, 4 ask or nothing, 5 the words.
 *
 * The login can't signal what sudo starts, nor can the leash, which is the login's. So a process of the login's holds a FIFO
 * open, and what runs inside sudo reads from it: when the leash ends that process, along with all others of this
 * session that it may end, the reader sees the end of the FIFO. Nothing is ever written to it, so that who else may
 * read it can do no harm. The shell itself outlives a TERM: it takes the FIFO away, and the end of what leads the session
 * would take a terminal away. What a KILL left behind the next one removes. It says nothing of its own to stderr,
 * where shells tell who was killed.
 *
 * It tells where the FIFO is, LC_ALL (sudo is to speak English here), the state of the terminal, and its login.
 */
const OUTER = oneLine(String.raw`
  trap : HUP INT QUIT PIPE TERM;
  m=$1; s=$2; u=$3; a=$4; c=$5; t=; f=; h=;
  command -v sudo >/dev/null 2>&1 || { printf "%s begin\n%s${MISSING}\n" "$m" "$m" >&2; exit 127; };
  if test -t 0; then t=$(stty -g 2>/dev/null) && stty -echo 2>/dev/null; fi;
  p=@{TMPDIR:-/tmp}; test -z "$u" || p=/tmp;
  p=@{p%/}/.pssh-ts-sudo; d=$p.$$.$s;
  for o in "$p".*; do
    test -d "$o" || continue;
    k=@{o#"$p".}; k=@{k%%.*};
    case $k in ""|*[!0-9]*) continue;; esac;
    kill -0 "$k" 2>/dev/null || ps -p "$k" >/dev/null 2>&1 || rm -rf "$o" 2>/dev/null;
  done;
  if (umask 077; mkdir "$d" && mkfifo "$d/w") 2>/dev/null; then
    f=$d/w; if test -n "$u"; then chmod 711 "$d"; chmod 644 "$f"; fi;
    exec 3<>"$f"; sleep 2147483647 <&3 3>&- >/dev/null 2>&1 & h=$!; exec 3>&-;
  fi;
  printf "%s begin\n%s\n%s\n%s\n%s\n" "$m" "$f" "@{LC_ALL-}" "$t" "@{LOGNAME-}" >&2;
  if test -n "$a"; then set -- -S -p "$m${PROMPT}"; else set -- -n; fi;
  test -z "$u" || set -- "$@" -u "$u";
  {
    (LC_ALL=C; export LC_ALL; exec sudo -H "$@" -- sh -c '${STARTER}' "$s" "@{SHELL:-sh}" "$c" 2>&4 4>&-); e=$?;
    test -z "$h" || { kill -s TERM $h; wait $h; rm -rf "$d"; };
    exit $e;
  } 4>&2 2>/dev/null
`);

export interface SudoWords {
  readonly user: string | null;
  /** Sudo may ask for a password. */
  readonly asks: boolean;
  /** For the login's shell, which sudo starts. */
  readonly words: string;
}

/** The command for the login shell. @throws PsshError ERR_USAGE for words that can't be sent */
export function sudoCommand({ user, asks, words }: SudoWords, { talk, started }: SudoMarks): string {
  return remoteCommand(OUTER, [talk, started, user ?? '', asks ? 'ask' : '', words]);
}
