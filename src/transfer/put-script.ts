import { oneLine, PRELUDE, remoteCommand, SAY_BEGIN } from './remote-script.js';

// What an earlier put left here by a name of this host, when the shell that made it is gone.
const SWEEP = oneLine(`
  sweep() {
    for s in "$p"/.pssh-ts."$1".*; do
      test -e "$s" || continue;
      o=@{s##*/.pssh-ts."$1".}; o=@{o%%.*};
      case $o in ""|*[!0-9]*) continue;; esac;
      kill -0 "$o" 2>/dev/null || ps -p "$o" >/dev/null 2>&1 || rm -rf "$s" 2>/dev/null || { chmod -R u+rwx "$s"; rm -rf "$s"; } 2>/dev/null;
    done;
  };
`);

// Mode and owner of the file that is replaced. Each process counts on a host that serves many: ls tells three things, and
// dd, where it is one of GNU, BSD or busybox, how much it has written.
const LIKE = oneLine(`
  bits() {
    b=; case $1 in r*) b=r;; esac; case $1 in ?w*) b=@{b}w;; esac; case $1 in ??[xst]) b=@{b}x;; esac;
  };
  see() { set -f; set -- $(LC_ALL=C ls -ldn "$1"); set +f; m=$1; w=$3:$4; z=$5; };
  modes() {
    r=@{m#?}; g=@{r#???}; u=@{r%"$g"}; o=@{g#???}; g=@{g%"$o"}; o=@{o%"@{o#???}"};
    bits "$u"; u=$b; bits "$g"; g=$b; bits "$o"; m=u=$u,g=$g,o=$b;
  };
`);

/*
 * 1 destination, 2 name in a folder, 3 size, 4 tag, 5 id, 6 bits to deny, 7 executable, 8 mode, 9 time, 10 SHA-256,
 * 11 whether to leave alone what is the same. The file comes as stdin.
 */
const PUT_FILE = oneLine(String.raw`
  ${PRELUDE} ${SWEEP} ${LIKE}
  full "$1";
  if test -d "$d"; then f=@{d%/}/$2;
  else case $d in */) die "$d: there is no such folder";; esac; f=$d; fi;
  i=0;
  while test -L "$f" && test $i -lt 40; do
    l=$(readlink "$f" && echo .) || die "$f: is a link that can not be followed";
    l=@{l%?.}; case $l in /*) f=$l;; *) f=@{f%/*}/$l;; esac; i=$((i+1));
  done;
  p=@{f%/*}; p=@{p:-/};
  test -d "$p" || die "$p: there is no such folder";
  test ! -d "$f" || die "$f: is a folder, where a file should go";
  test -w "$p" || die "$p: can not be written to (permission denied, or a read-only file system)";
  sweep "$4";
  ${SAY_BEGIN}
  if test -n "@{11}" && test -f "$f" && test -r "$f"; then
    h=$(sum < "$f") || fail;
    if test "@{h%% *}" = "@{10}"; then printf "same %s\n" "$f"; exit 0; fi;
  fi;
  t=$p/.pssh-ts.$4.$$.$5;
  old=; own=; ours=; w=;
  if test -n "$8"; then umask 077;
  elif test -e "$f"; then
    see "$f"; modes; old=$m; own=$w; w=; umask "$old";
    if test -O "$f" && test -G "$f"; then ours=1; fi 2>/dev/null;
  elif test -n "$6"; then umask "$6"; fi;
  z=$(LC_ALL=C dd bs=65536 2>&1 > "$t") || { printf "%s\n" "$z" | grep -v -e " records " -e " bytes " >&2; fail; };
  case $z in *out?"$3 bytes"*) z=$3;; *) see "$t";; esac;
  test "$z" = "$3" || die "$f: cut short, @{z:-none} of $3 bytes came";
  if test -n "@{10}"; then
    h=$(sum < "$t") || fail;
    test "@{h%% *}" = "@{10}" || die "$f: what was written is not what was sent (SHA-256)";
  fi;
  if test -n "$8"; then chmod "$8" "$t" && TZ=UTC0 touch -t "$9" "$t" || fail;
  elif test -n "$old"; then
    if test -n "$ours" && test -O "$t" && test -G "$t"; then :;
    else test -n "$w" || see "$t"; test "$w" = "$own" || chown "$own" "$t" 2>/dev/null; fi;
    case $old in *x*) chmod "$old" "$t" || fail;; esac;
  elif test -n "$7"; then chmod +x "$t" || fail; fi;
  mv -f "$t" "$f" || fail;
  printf "done %s\n" "$f";
`);

export interface PutFile {
  readonly dest: string;
  readonly name: string;
  readonly size: number;
  readonly mode: number;
  readonly mtime: Date;
  readonly preserve: boolean;
  /** Names what this put leaves, should it be killed: the next one of this host takes it away. */
  readonly tag: string;
  readonly id: string;
  /** To be compared; null: not wanted. */
  readonly sha256: string | null;
  readonly ifChanged: boolean;
}

/** Takes a file as stdin to a temporary name beside its own, and gives it its own once it is whole. */
export function putFileCommand(file: PutFile): string {
  const { dest, name, size, mode, mtime, preserve, tag, id, sha256, ifChanged } = file;
  return remoteCommand(PUT_FILE, [
    dest,
    name,
    String(size),
    tag,
    id,
    preserve ? '' : deniedBits(mode),
    (mode & 0o111) === 0 ? '' : 'x',
    preserve ? (mode & 0o777).toString(8).padStart(4, '0') : '',
    preserve ? touchTime(mtime) : '',
    sha256 ?? '',
    ifChanged ? 'same' : '',
  ]);
}

/** What the umask has to deny besides what it does, so that a new file may no more than ours. */
function deniedBits(mode: number): string {
  return ['u', 'g', 'o']
    .flatMap((who, place) => {
      const bits = (mode >> (6 - 3 * place)) & 7;
      const denied = ['r', 'w', 'x'].filter((_, bit) => (bits & (4 >> bit)) === 0).join('');
      return denied === '' ? [] : [`${who}-${denied}`];
    })
    .join(',');
}

/** As `touch -t` reads it, in UTC. */
function touchTime(time: Date): string {
  const [year = '', month = '', day = '', hour = '', minute = '', second = ''] = time
    .toISOString()
    .split(/[-T:.]/);
  return `${year}${month}${day}${hour}${minute}.${second}`;
}

// Names are given to what is in a folder one level after the other: what exists on both sides becomes one folder,
// of which each file is replaced as a whole.
const PLACE = oneLine(String.raw`
  move() {
    if test -w "$1" || test -L "$1" || test ! -d "$1"; then mv -f "$1" "$2";
    else chmod u+w "$1" && mv -f "$1" "$2" && chmod u-w "$2"; fi || fail;
  };
  place() {
    if test -d "$1" && test ! -L "$1"; then
      if test -d "$2"; then
        (cd "$1" && find . ! -name . -prune ! -type d -exec sh -c "d=\$1; shift; exec mv -f \"\$@\" \"\$d\"" sh "$2/" {} +) || fail;
        for e in "$1"/* "$1"/.[!.]* "$1"/..?*; do
          if test -d "$e" && test ! -L "$e"; then place "$e" "$2/@{e##*/}"; fi;
        done;
      elif test -e "$2" || test -L "$2"; then die "$2: is a file, where a folder should go";
      else move "$1" "$2"; fi;
    elif test -d "$2" && test ! -L "$2"; then die "$2: is a folder, where a file should go";
    else move "$1" "$2"; fi;
  };
`);

// GNU's and Perl's tools read a list; openssl has to be asked for each file.
const CHECK = oneLine(`
  check() {
    if command -v sha256sum >/dev/null 2>&1; then sha256sum -c "$1" 2>/dev/null;
    elif command -v shasum >/dev/null 2>&1; then shasum -a 256 -c "$1" 2>/dev/null;
    else
      while IFS= read -r l; do
        n=@{l#*  }; h=$(sum < "$n") || return 1;
        test "@{h%% *}" = "@{l%% *}" || { echo "$n: FAILED"; return 1; };
      done < "$1";
    fi;
  };
`);

const RECEIVE: Readonly<Record<'tar' | 'program', string>> = {
  tar: oneLine(String.raw`
    command -v tar >/dev/null 2>&1 || { printf "no-tar\n"; fail; };
    (cd "$t" && LC_ALL=C.UTF-8 tar -x@{4}of -) || fail;
    cat >/dev/null;
    test -f "$t/done" || die "$d: cut short, not all files came";
  `),
  // The files come by themselves; then a line says that they are there, and behind it stands the list of sums.
  program: oneLine(String.raw`
    mkdir "$t/files" || fail;
    printf "%s\000%s\000" "$t/files" "@{p:-/}";
    IFS= read -r l || fail;
    test "$l" = go || fail;
    cat > "$t/sums" || fail;
  `),
};

const putTree = (means: 'tar' | 'program'): string =>
  oneLine(String.raw`
    ${PRELUDE} ${SWEEP} ${PLACE} ${CHECK}
    full "$1";
    one=;
    if test -d "$d"; then p=@{d%/};
    else
      test -n "$5" || die "$d: there is no such folder";
      case $d in */) die "$d: there is no such folder";; esac;
      test ! -e "$d" || test "$5" = file || die "$d: is a file, where a folder should go";
      one=$d; p=@{d%/*};
    fi;
    test -d "@{p:-/}" || die "$p: there is no such folder";
    test -w "@{p:-/}" || die "$p: can not be written to (permission denied, or a read-only file system)";
    sweep "$2";
    ${SAY_BEGIN}
    t=$p/.pssh-ts.$2.$$.$3;
    mkdir -m 700 "$t" || fail;
    ${RECEIVE[means]}
    if test -n "$6"; then
      o=$(cd "$t/files" && check ../sums) || die "$d: what was written is not what was sent (SHA-256): $(printf "%s" "$o" | grep -v ": OK$" | head -n 1)";
    fi;
    for s in "$t"/files/* "$t"/files/.[!.]* "$t"/files/..?*; do
      if test -e "$s" || test -L "$s"; then place "$s" "@{one:-"$p/@{s##*/}"}"; fi;
    done;
    rm -rf "$t" 2>/dev/null;
    printf "done %s\n" "@{one:-$p/}";
  `);

const PUT_TREE = { tar: putTree('tar'), program: putTree('program') } as const;

export interface PutTree {
  readonly dest: string;
  readonly tag: string;
  readonly id: string;
  readonly preserve: boolean;
  /** What the destination may name itself; null: only the folder that the sources go to. */
  readonly single: 'file' | 'folder' | null;
  readonly verify: boolean;
}

/**
 * Takes files into a private folder beside the destination, then names them. tar: `files/…`, `sums` and, last, `done`
 * come as stdin. program: it prints where the files go, and where those of an earlier put lie.
 */
export function putTreeCommand(means: 'tar' | 'program', tree: PutTree): string {
  const { dest, tag, id, preserve, single, verify } = tree;
  const args = [dest, tag, id, preserve ? 'p' : 'm', single ?? '', verify ? 'verify' : ''];
  return remoteCommand(PUT_TREE[means], args);
}

/* 1 destination; the list of sums comes as stdin. */
const SAME_TREE = oneLine(String.raw`
  ${PRELUDE} ${CHECK}
  full "$1";
  ${SAY_BEGIN}
  cd "$d" 2>/dev/null || exit 3;
  t=$(mktemp 2>/dev/null) || exit 3;
  cat > "$t" || fail;
  check "$t" >/dev/null; s=$?;
  rm -f "$t";
  test $s -eq 0 || exit 3;
  printf "same %s\n" "$d";
`);

/** Whether all files of a list of sums stand in the destination. */
export function sameTreeCommand(dest: string): string {
  return remoteCommand(SAME_TREE, [dest]);
}
