import { oneLine, remoteCommand, SAY_BEGIN } from '../../transfer/remote-script.js';

/** What a host says of itself, in one session. */
export interface RemoteFacts {
  /** Its clock in milliseconds; null: its date says nothing that we can read. */
  readonly clockMs: number | null;
  /** How far off that may be as it only tells whole seconds. */
  readonly coarseMs: number;
  readonly lacks: readonly string[];
  /** What installs packages there. */
  readonly manager: string | null;
  readonly temp: string;
  readonly writable: boolean;
  /** Bytes left for us in the folder for temporary files; null: df says nothing. */
  readonly freeBytes: number | null;
  /** Null: not asked. */
  readonly sudo: { readonly status: number; readonly said: string } | null;
}

// Each tool stands for those that do its work as well.
const SCRIPT = oneLine(String.raw`
  ${SAY_BEGIN}
  printf "date %s\n" "$(date +%s.%N 2>/dev/null)";
  sudo=$1; shift;
  for n do
    case $n in
      sha256sum) command -v sha256sum || command -v shasum || command -v openssl;;
      *) command -v "$n";;
    esac >/dev/null 2>&1 || printf "lacks %s\n" "$n";
  done;
  for n in apt-get dnf yum zypper apk pacman; do
    if command -v $n >/dev/null 2>&1; then printf "manager %s\n" $n; break; fi;
  done;
  d=@{TMPDIR:-/tmp};
  printf "temp %s\n" "$d";
  if test -d "$d" && test -w "$d"; then printf "writable\n"; fi;
  df -Pk "$d" 2>/dev/null | { read -r a; read -r a; printf "df %s\n" "$a"; };
  if test $sudo = yes; then
    s=$(LC_ALL=C sudo -n sh -c : 2>&1 </dev/null);
    printf "sudo %s %s\n" $? "$s";
  fi;
  printf "end\n";
`);

export function factsCommand(tools: readonly string[], sudo: boolean): string {
  return remoteCommand(SCRIPT, [sudo ? 'yes' : 'no', ...tools]);
}

/** The line that tells the clock has come. */
export const hasClock = (text: string): boolean => /^pssh-ts:begin\ndate .*\n/m.test(text);

/** Null: it did not run to its end. */
export function parseFacts(output: string): RemoteFacts | null {
  const begin = output.lastIndexOf('pssh-ts:begin\n');
  if (begin === -1 || !/^end$/m.test(output.slice(begin))) return null;
  const text = output.slice(begin);
  const first = (pattern: RegExp): string | null => pattern.exec(text)?.[1] ?? null;
  const date = /^date (\d{9,})(?:\.(\d{3}))?/m.exec(text);
  const coarse = date !== null && date[2] === undefined;
  const sudo = /^sudo (\d+) (.*)$/m.exec(text);
  const free = first(/^df .*?\s\d+\s+\d+\s+(-?\d+)\s+\d+%/m);
  return {
    // A whole second is on average half over.
    clockMs: date === null ? null : Number(date[1]) * 1000 + (coarse ? 500 : Number(date[2])),
    coarseMs: coarse ? 500 : 0,
    lacks: [...text.matchAll(/^lacks (.*)$/gm)].map(([, name = '']) => name),
    manager: first(/^manager (apt-get|dnf|yum|zypper|apk|pacman)$/m),
    temp: first(/^temp (.*)$/m) ?? '/tmp',
    writable: /^writable$/m.test(text),
    freeBytes: free === null ? null : Math.max(0, Number(free)) * 1024,
    sudo: sudo === null ? null : { status: Number(sudo[1]), said: sudo[2] ?? '' },
  };
}
