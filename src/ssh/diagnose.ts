import type { Exit } from '../core/channel.js';
import type { ErrorCode } from '../core/errors.js';
import type { Status } from '../core/result.js';

/** What kept ssh from connecting, guessed from its log: this is the one place that guesses (how far it came: login-log.ts). */
export interface Diagnosis {
  readonly status: Extract<Status, 'unreachable' | 'auth-failed' | 'host-key-failed' | 'skipped'>;
  readonly code: ErrorCode;
  /** ssh's own words, one line. */
  readonly reason: string;
  /** Dropped before the login was done, as a server over MaxStartups does: safe to try again. */
  readonly retry: boolean;
}

interface Rule {
  readonly pattern: RegExp;
  readonly status: Diagnosis['status'];
  readonly code: ErrorCode;
  readonly retry?: boolean;
}

// Each rule is searched for from the last line up, the rules in this order: a refused host key also ends in
// "Connection closed", and a banner of the server's own words stands before what ssh says last.
const RULES: readonly Rule[] = [
  // The server's own words, whatever they look like.
  {
    pattern: /^Received disconnect from (?!.*: Too many authentication failures)/,
    status: 'unreachable',
    code: 'ERR_CONNECT',
  },
  { pattern: /^Host key verification failed\./, status: 'host-key-failed', code: 'ERR_HOST_KEY' },
  {
    pattern: /^No .*host key is known for .* and you have requested strict checking/,
    status: 'host-key-failed',
    code: 'ERR_HOST_KEY',
  },
  {
    pattern: /^(Host key for .* has changed|Server host key .* revoked|Revoked host key)/,
    status: 'host-key-failed',
    code: 'ERR_HOST_KEY',
  },
  { pattern: /^Unable to negotiate with .*host key/, status: 'host-key-failed', code: 'ERR_HOST_KEY' },
  { pattern: /: Permission denied( \(.*\))?\.$/, status: 'auth-failed', code: 'ERR_AUTH' },
  { pattern: /Too many authentication failures/, status: 'auth-failed', code: 'ERR_AUTH' },
  { pattern: /^Authentication (failed|method)/, status: 'auth-failed', code: 'ERR_AUTH' },
  { pattern: /Could not resolve hostname/, status: 'unreachable', code: 'ERR_RESOLVE' },
  {
    pattern:
      /(Connection (closed|reset) by|kex_exchange_identification|Connection to .* closed by remote host|^ssh_dispatch_run_fatal: .*: Broken pipe$|banner exchange)/,
    status: 'unreachable',
    code: 'ERR_CONNECT',
    retry: true,
  },
  {
    pattern:
      /(connect to (host|address) .* port|Connection (refused|timed out)|No route to host|Network is unreachable|timed out)/i,
    status: 'unreachable',
    code: 'ERR_CONNECT',
  },
];

/** @param knownKey the fingerprint that stands in a line of a known_hosts file; null: it can't be read */
export function diagnose(
  log: string,
  knownKey: (file: string, line: number) => string | null = () => null,
): Diagnosis {
  const lines = logLines(log);
  for (const rule of RULES) {
    // Through a proxy ssh knows no address; what it says before that says more.
    const line =
      lines.findLast((candidate) => rule.pattern.test(candidate) && !/ UNKNOWN port /.test(candidate)) ??
      lines.findLast((candidate) => rule.pattern.test(candidate));
    if (line === undefined) continue;
    return {
      status: rule.status,
      code: rule.code,
      reason: rule.code === 'ERR_HOST_KEY' ? hostKeyReason(lines, line, knownKey) : tidy(line),
      retry: rule.retry === true,
    };
  }
  const last = lines.at(-1);
  return {
    status: 'unreachable',
    code: 'ERR_CONNECT',
    reason: last === undefined ? 'ssh failed without a word' : tidy(last),
    retry: false,
  };
}

/** Says what is wrong with the key, not only that it is refused. */
function hostKeyReason(
  lines: readonly string[],
  line: string,
  knownKey: (file: string, line: number) => string | null,
): string {
  const changed = lines.some((candidate) => candidate.includes('REMOTE HOST IDENTIFICATION HAS CHANGED'));
  const offending = lines.findLast((candidate) => /^Offending .* key in /.test(candidate));
  const unknown = lines.findLast((candidate) => /^No .*host key is known for /.test(candidate));
  const shown = shownKey(lines);
  const parts = [
    ...(changed ? ['REMOTE HOST IDENTIFICATION HAS CHANGED'] : []),
    ...(offending === undefined ? [] : [withFingerprint(offending, knownKey)]),
    ...(changed && shown !== null ? [`the host shows ${shown}`] : []),
    ...(unknown === undefined || unknown === line ? [] : [unknown]),
    line,
  ];
  return parts.map((part) => tidy(part).replace(/[.!]$/, '')).join('; ');
}

/** The key of a host that has changed stands on the line below its announcement. */
function shownKey(lines: readonly string[]): string | null {
  const place = lines.findLastIndex((line) =>
    /^The fingerprint for the .* key sent by the remote host is$/.test(line),
  );
  return /^(SHA256:[\w+/]+)\.?$/.exec(lines[place + 1] ?? '')?.[1] ?? null;
}

function withFingerprint(offending: string, knownKey: (file: string, line: number) => string | null): string {
  const place = /^Offending .* key in (.*):(\d+)$/.exec(offending);
  const known = place === null ? null : knownKey(place[1] ?? '', Number(place[2]));
  return known === null ? offending : `${offending} (${known})`;
}

/** The last line ssh wrote that is not of its debugging. */
export function lastLine(log: string): string | null {
  const last = logLines(log).at(-1);
  return last === undefined ? null : tidy(last);
}

/** The address really connected to, from the line `Authenticated to HOST ([ADDRESS]:PORT) using …`. */
export function connectedAddress(log: string): { readonly address: string; readonly port: number } | null {
  const match = /^Authenticated to .* \(\[([^\]]+)\]:(\d+)\)/m.exec(log);
  return match?.[1] === undefined ? null : { address: match[1], port: Number(match[2]) };
}

function logLines(log: string): string[] {
  const lines = log
    .split(/\r?\n/)
    .map((line) => line.trimEnd())
    .filter(
      (line) =>
        line !== '' &&
        !/^(debug[123]:|OpenSSH_|Authenticated to |Transferred: sent |Bytes per second: |@+$)/.test(line),
    );
  // What a server says as it disconnects may hold newlines: the lines after it can't be told from ssh's own.
  const last = lines.findIndex((line) => line.startsWith('Received disconnect from '));
  return last === -1 ? lines : lines.slice(0, last + 1);
}

function tidy(line: string): string {
  return line
    .replace(/^ssh: /, '')
    .replace(/[\u0000-\u001f\u007f-\u009f]/g, '?')
    .slice(0, 500);
}

/**
 * Why `ssh -W` over a jump host's master gave no way through, from its log; null: it did, or was ended.
 * Lost: the master is not there, so that ssh went on to connect by itself, through our ProxyCommand=false.
 */
export function forwardFault(log: string): { readonly lost: boolean; readonly reason: string } | null {
  const reason = lastLine(log);
  if (reason === null) return null;
  const refused = /^Stdio forwarding request failed: (.*)/m.exec(log)?.[1];
  return refused === undefined ? { lost: true, reason } : { lost: false, reason: tidy(refused) };
}

/** What a server said to forwards that it refused, each once, from its master's log. */
export function refusedForwards(log: string): string[] {
  const said = [...log.matchAll(/^channel \d+: open failed: (.*?)\r?$/gm)].map(([, words = '']) =>
    tidy(words),
  );
  return [...new Set(said)];
}

/** How a command over a master ended, as the client's DEBUG2 log tells it. */
export type SessionEnd =
  | { readonly kind: 'status'; readonly status: number }
  /** No status came: a signal ended the command, or the master went. Whether the master lives tells which. */
  | { readonly kind: 'no-status' }
  /** The log does not say (it can't be read, the disk was full): the command may have run. */
  | { readonly kind: 'unknown' }
  /** The command was never started; `busy`: the server grants no further session now. */
  | { readonly kind: 'refused'; readonly reason: string; readonly busy: boolean };

function loggedStatus(log: string): number | null {
  const status = /^debug2: Received exit status from master (\d+)/m.exec(log)?.[1];
  return status === undefined ? null : Number(status);
}

// Only these say that the master gave no session: silence proves nothing.
const REFUSED =
  /^debug1: Executing proxy command|^mux_client_request_session: session request failed|^Control socket connect|^muxclient: |^debug1: Control socket .* does not exist/m;

/** The master has given a session and sent the command. */
export function isGranted(log: string): boolean {
  return /^debug1: mux_client_request_session: master session id/m.test(log);
}

/** The master has answered, so it may have been asked for a session. */
export function isGreeted(log: string): boolean {
  return /^debug2: mux_client_hello_exchange: master version/m.test(log);
}

const REFUSED_BY_HOST = /^mux_client_request_session: session request failed: Session open refused by peer/m;

/** What a host that refuses a session may mean. */
export const NO_SESSION = 'the host refused a session: its MaxSessions is 0, or all are taken';

/**
 * Reads the log, because ssh's own exit status can't tell a remote 255 from a signal, nor either from a
 * failure of ssh.
 */
export function sessionEnd(log: string): SessionEnd {
  const status = loggedStatus(log);
  if (status !== null) return { kind: 'status', status };
  if (isGranted(log)) return { kind: 'no-status' };
  // The master went between the question and its answer: it may have passed the command on.
  if (/^mux_client_request_session: read from master failed/m.test(log)) return { kind: 'unknown' };
  if (!REFUSED.test(log)) return { kind: 'unknown' };
  // Without a session ssh goes on to connect by itself, through our ProxyCommand=false: its failure is no news.
  if (REFUSED_BY_HOST.test(log)) return { kind: 'refused', reason: NO_SESSION, busy: true };
  const [asked = ''] = log.split(/^debug1: Executing proxy command/m, 1);
  const busy = /^mux_client_request_session: session request failed/m.test(log);
  return { kind: 'refused', reason: lastLine(asked) ?? 'the master gave no session', busy };
}

/** How far an `ssh HOST COMMAND` has come, as its DEBUG1 log tells it. */
export function plainProgress(log: string): 'connecting' | 'connected' | 'sent' {
  const login = /^Authenticated to /m.exec(log);
  if (login === null) return 'connecting';
  return /^debug1: Sending (command|subsystem): /m.test(log.slice(login.index)) ? 'sent' : 'connected';
}

/** The server gave an `ssh HOST COMMAND` no session. */
export function isRefused(log: string): boolean {
  return /^channel \d+: open failed: /m.test(log);
}

/** How a command that was sent by an `ssh HOST COMMAND` ended. Null: the connection was lost. */
export function plainEnd(log: string, code: number | null): Exit | null {
  // Of its own ssh says nothing but 255.
  if (code !== null && code !== 255) return { status: code };
  // What stands before may be the text of the command.
  const last = log.match(/^debug1: Exit status -?\d+$/gm)?.at(-1);
  if (last === 'debug1: Exit status 255') return { status: 255 };
  const signaled = /^debug1: client_input_channel_req: channel \d+ rtype exit-signal /m.test(log);
  return code === 255 && signaled ? { signal: null } : null;
}
