import { randomBytes } from 'node:crypto';
import type { Check } from '../../core/check.js';
import { frameCommand } from '../../core/command.js';
import { PsshError } from '../../core/errors.js';
import { quoteForShell } from '../../core/quote.js';
import type { Channel, Connection } from '../../transport/transport.js';
import { ok } from './login-checks.js';
import type { Mends } from './mends.js';
import { type Held, probe } from './probe.js';
import { factsCommand, hasClock, parseFacts, type RemoteFacts } from './remote-facts.js';

/** Sessions that are tried at most: as many as the mux transport uses at once. */
const MOST_SESSIONS = 8;
const SKEW_MS = 5_000;
const SCARCE_BYTES = 64 * 1024 * 1024;
const TOO_FEW_BYTES = 1024 * 1024;
const LET_GO_MS = 2_000;
// Whatever the login shell is, this waits for the end of its input.
const HOLD = "exec sh -c 'read x'";

export interface SessionWork {
  readonly connection: Connection;
  readonly mends: Mends;
  readonly tools: readonly string[];
  readonly toolsAsked: boolean;
  readonly sudo: boolean;
  /** For each command. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** What only sessions show, over a login that stands. @throws PsshError where the connection is lost */
export async function sessionChecks(work: SessionWork, add: (check: Check) => void): Promise<void> {
  add(transportCheck(work));
  const held: Channel[] = [];
  try {
    const shell = await shellCheck(work, held);
    add(shell);
    if (shell.outcome === 'failed') return;
    add(await sessionsCheck(work, held));
  } finally {
    await letGo(held);
  }
  await factChecks(work, add);
}

function transportCheck({ connection, mends }: SessionWork): Check {
  const { kind, reason } = connection;
  if (reason === undefined) return ok('transport', kind, { kind });
  const detail = `${kind}, a process a command: ${reason}`;
  const mend = /forwarding/.test(reason)
    ? mends.ssh(['-o', 'ForwardAgent=no', '-o', 'ForwardX11=no'], 'true')
    : null;
  return { name: 'transport', outcome: 'warning', detail, mend, facts: { kind, reason } };
}

/** The frame of every command: a variable is set, and comes back. It stays open, as the first of the sessions. */
async function shellCheck(work: SessionWork, held: Channel[]): Promise<Check> {
  const value = randomBytes(6).toString('hex');
  const words = `echo "pssh-ts:$PSSH_CHECK:"\n${HOLD}`;
  const command = frameCommand(words, { env: { PSSH_CHECK: value } });
  const expected = `pssh-ts:${value}:\n`;
  const enough = (stdout: string): boolean => stdout.includes(expected);
  const run = await probe(work.connection, command, { ...work, holds: true, enough });
  held.push(run.channel);
  const { stdout } = run;
  if (!enough(stdout)) return noShell(run, work);
  const before = stdout.slice(0, stdout.indexOf(expected));
  if (before === '') return ok('shell', 'runs commands');
  return {
    name: 'shell',
    outcome: 'warning',
    detail: `its start files print ${quoted(before)} before every command; scp and rsync break on that`,
    mend: null,
    facts: { prints: before },
  };
}

function noShell({ stdout, stderr, status }: Held, { mends, timeoutMs }: SessionWork): Check {
  const said = stdout + stderr;
  const facts = { status, said: said.slice(0, 500) };
  const failed = (detail: string, mend: string | null): Check => ({
    name: 'shell',
    outcome: 'failed',
    detail,
    mend,
    facts,
  });
  if (/sftp connections only/.test(said))
    return failed('a forced command (ForceCommand internal-sftp): it moves files and runs nothing', null);
  if (/account is (currently )?not available|nologin/.test(said))
    return failed(`its login shell is nologin: ${quoted(said)}`, mends.giveShell());
  if (status === null)
    return failed(
      `no answer within ${timeoutMs / 1000}s${said === '' ? '' : `, but ${quoted(said)}`}: do its start files wait for something?`,
      mends.ssh(['-t'], 'exec sh'),
    );
  const ended = typeof status === 'number' ? `exit ${status}` : `ended by ${status}`;
  if (said === '' && status !== 0)
    return failed(
      `it runs no command (${ended}): a login shell like false, or a forced command`,
      mends.giveShell(),
    );
  return failed(
    `a forced command (ForceCommand, or command= in authorized_keys) or no shell: to a command it answers ${said === '' ? 'nothing' : quoted(said)} (${ended})`,
    null,
  );
}

/** One is open; others are asked for until the host refuses. */
async function sessionsCheck({ connection, mends, signal }: SessionWork, held: Channel[]): Promise<Check> {
  while (held.length < MOST_SESSIONS) {
    try {
      const channel = await connection.open(HOLD, { stdin: 'pipe', signal, wait: false });
      channel.stdin?.on('error', () => undefined);
      channel.exited.catch(() => undefined);
      channel.stdout.resume();
      channel.stderr.resume();
      held.push(channel);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof PsshError) || error.code !== 'ERR_CHANNEL_OPEN') throw error;
      break;
    }
  }
  const granted = held.length;
  const facts = { granted, atLeast: granted === MOST_SESSIONS };
  if (granted === MOST_SESSIONS) return ok('sessions', `${granted} or more`, facts);
  if (granted > 1) return ok('sessions', String(granted), facts);
  return {
    name: 'sessions',
    outcome: 'warning',
    detail: 'MaxSessions 1: a command that is given up may live on, as nothing else can be run beside it',
    mend: mends.asRoot(
      'echo MaxSessions 10 > /etc/ssh/sshd_config.d/10-pssh-ts.conf && sshd -t && systemctl reload ssh',
    ),
    facts,
  };
}

async function letGo(held: readonly Channel[]): Promise<void> {
  for (const { stdin } of held) stdin?.end();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, LET_GO_MS);
  });
  await Promise.race([Promise.allSettled(held.map(({ exited }) => exited)), late]);
  clearTimeout(timer);
  for (const channel of held) channel.close();
}

async function factChecks(work: SessionWork, add: (check: Check) => void): Promise<void> {
  const { connection, tools, sudo, timeoutMs } = work;
  const sentAt = Date.now();
  let heardAt: number | null = null;
  const run = await probe(connection, factsCommand(tools, sudo), {
    ...work,
    enough: (stdout) => {
      if (heardAt === null && hasClock(stdout)) heardAt = Date.now();
      return false;
    },
  });
  const facts = parseFacts(run.stdout);
  if (facts === null) {
    const why =
      run.status === null ? `no answer within ${timeoutMs / 1000}s` : quoted(run.stdout + run.stderr);
    add({
      name: 'tools',
      outcome: 'failed',
      detail: `its sh did not run a script of ours: ${why}`,
      mend: null,
      facts: {},
    });
    return;
  }
  if (facts.sudo !== null) add(sudoCheck(facts.sudo, work));
  add(toolsCheck(facts, work));
  add(clockCheck(facts, { sentAt, heardAt: heardAt ?? Date.now() }, work));
  add(tempCheck(facts, work));
}

function sudoCheck({ status, said }: NonNullable<RemoteFacts['sudo']>, { mends }: SessionWork): Check {
  if (status === 0) return ok('sudo', 'without a password');
  const detail = status === 127 ? 'the host has no sudo' : `sudo -n: ${quoted(said)}`;
  const mend = /password is required|authentication is required/.test(said) ? mends.sudoRule() : null;
  return { name: 'sudo', outcome: 'failed', detail, mend, facts: { status, said } };
}

function toolsCheck(facts: RemoteFacts, { tools, toolsAsked, mends }: SessionWork): Check {
  const { manager } = facts;
  // Its own words must not become part of a command.
  const lacks = tools.filter((tool) => facts.lacks.includes(tool));
  if (lacks.length === 0) return ok('tools', tools.join(', '), { lacks });
  return {
    name: 'tools',
    outcome: toolsAsked ? 'failed' : 'warning',
    detail: `no ${lacks.join(', no ')}`,
    mend: mends.install(lacks, manager),
    facts: { lacks },
  };
}

/** The remote clock against the middle of its question's way there and back. */
function clockCheck(
  { clockMs, coarseMs }: RemoteFacts,
  { sentAt, heardAt }: { readonly sentAt: number; readonly heardAt: number },
  { mends }: SessionWork,
): Check {
  if (clockMs === null)
    return { name: 'clock', outcome: 'warning', detail: 'its date tells no seconds', mend: null, facts: {} };
  const skewMs = Math.round(clockMs - (sentAt + heardAt) / 2);
  const uncertaintyMs = Math.round((heardAt - sentAt) / 2) + coarseMs;
  const facts = { skewMs, uncertaintyMs };
  const least = Math.abs(skewMs) - uncertaintyMs;
  if (least <= SKEW_MS) return ok('clock', `${skewMs} ms (give or take ${uncertaintyMs})`, facts);
  const seconds = (Math.abs(skewMs) / 1000).toFixed(1);
  return {
    name: 'clock',
    outcome: 'warning',
    detail: `${seconds} s ${skewMs > 0 ? 'ahead of' : 'behind'} ours`,
    mend: mends.asRoot('timedatectl set-ntp true'),
    facts,
  };
}

function tempCheck({ temp, writable, freeBytes }: RemoteFacts, { mends }: SessionWork): Check {
  const facts = { folder: temp, writable, freeBytes };
  const bad = (outcome: 'warning' | 'failed', detail: string, mend: string | null): Check => ({
    name: 'temp',
    outcome,
    detail,
    mend,
    facts,
  });
  const folder = quoted(temp);
  if (!writable)
    return bad(
      'failed',
      `${folder} is no folder that it can write to`,
      mends.ssh([], `ls -ld ${quoteForShell(temp)}`),
    );
  if (freeBytes === null) return bad('warning', `df does not tell what is free in ${folder}`, null);
  const free = `${Math.floor(freeBytes / 1024)} KiB free in ${folder}`;
  const look = mends.ssh([], `du -xak ${quoteForShell(temp)} | sort -n | tail`);
  if (freeBytes < TOO_FEW_BYTES) return bad('failed', `full: ${free}`, look);
  if (freeBytes < SCARCE_BYTES) return bad('warning', free, look);
  return ok('temp', free, facts);
}

/** The first line of what a host says, for a line of ours. */
function quoted(text: string): string {
  const line = text.trim().split('\n', 1)[0] ?? '';
  return /^[\w./-]+$/.test(line) ? line : JSON.stringify(line.slice(0, 120));
}
