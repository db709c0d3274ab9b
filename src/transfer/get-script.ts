import { oneLine, PRELUDE, remoteCommand, SAY_BEGIN } from './remote-script.js';

/*
 * The names that each argument comes to, as `KIND NUL NAME NUL`: f file, d folder, l link to a folder, o something
 * else, x what may not be read, m missing. A pattern that is also a name means that name.
 */
const LIST = oneLine(String.raw`
  ${PRELUDE}
  say() { printf "%s\000%s\000" "$1" "$2"; };
  tell() {
    if test -d "$1"; then
      if test -L "$1"; then say l "$1"; elif test -r "$1" && test -x "$1"; then say d "$1"; else say x "$1"; fi;
    elif test -f "$1"; then if test -r "$1"; then say f "$1"; else say x "$1"; fi;
    elif test -e "$1"; then say o "$1";
    else say m "$1"; fi;
  };
  ${SAY_BEGIN}
  IFS=;
  for a in "$@"; do
    full "$a";
    while case $d in ?*/) true;; *) false;; esac; do d=@{d%/}; done;
    if test -e "$d" || test -L "$d"; then tell "$d";
    else for f in $d; do tell "$f"; done; fi;
  done;
  exit 0;
`);

/** What the patterns come to on the host. */
export function listCommand(patterns: readonly string[]): string {
  return remoteCommand(LIST, patterns);
}

/* 1 folder, 2 what tar is told besides, then the names. GNU tar reads escapes in names, unless it is told not to. */
const SEND = oneLine(String.raw`
  ${PRELUDE}
  cd "$1" || exit 1;
  o=$2; shift 2;
  command -v tar >/dev/null 2>&1 || die "no tar";
  case "$*" in
    *\\*) if tar --no-unquote --help >/dev/null 2>&1; then set -- --no-unquote "$@"; fi;;
  esac;
  ${SAY_BEGIN}
  exec tar -c@{o}f - "$@";
`);

/** Names of one folder as a tar archive. @param follow a link is sent as what it leads to */
export function sendCommand(folder: string, names: readonly string[], follow: boolean): string {
  return remoteCommand(SEND, [
    folder,
    follow ? 'h' : '',
    ...names.map((name) => (name === '.' ? '.' : `./${name}`)),
  ]);
}

/*
 * SHA-256 of every file below the names, as `SUM NEWLINE-or-rest NUL NAME NUL`; 1 folder, then the names. Links that
 * are named themselves are followed.
 */
const SUMS = oneLine(String.raw`
  ${PRELUDE}
  cd "$1" || exit 1;
  shift;
  for c in sha256sum "shasum -a 256" "openssl dgst -sha256 -r"; do
    if command -v "@{c%% *}" >/dev/null 2>&1; then break; fi; c=;
  done;
  test -n "$c" || die "the host has no sha256sum, shasum or openssl to compare with";
  ${SAY_BEGIN}
  for n in "$@"; do
    if test -d "$n" && test ! -L "$n" || test "$n" = .; then
      find "$n" -type f -exec sh -c "for f in \"\$@\"; do $c < \"\$f\" && printf \"%s\\000\" \"\$f\" || exit 1; done" sh {} + || exit 1;
    elif test -f "$n"; then $c < "$n" && printf "%s\000" "$n" || exit 1; fi;
  done;
`);

/** The sums of all files below names of one folder. */
export function sumsCommand(folder: string, names: readonly string[]): string {
  return remoteCommand(SUMS, [folder, ...names.map((name) => (name === '.' ? '.' : `./${name}`))]);
}

/* 1 folder. */
const ODD = oneLine(`
  ${PRELUDE}
  cd "$1" || exit 1;
  ${SAY_BEGIN}
  find . ! -type f ! -type d | head -n 1;
`);

/** Prints the first thing below a folder that is neither file nor folder. */
export function oddCommand(folder: string): string {
  return remoteCommand(ODD, [folder]);
}
