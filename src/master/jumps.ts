import { open, readFile, stat } from 'node:fs/promises';
import { PsshError } from '../core/errors.js';
import { type JumpHost, jumpText, parseJump } from '../core/jump.js';
import type { ConnectionOptions } from '../core/options.js';
import type { Target } from '../core/target.js';
import { jumpCommand } from '../ssh/argv.js';
import { forwardFault, refusedForwards } from '../ssh/diagnose.js';
import { nowMs } from '../ssh/now.js';
import type { LoginConfig } from '../ssh/resolve-alike.js';
import type { Clock } from './clock.js';
import { ALIVE_DEADLINE_MS, aliveCheck } from './control.js';
import { ConnectFailure } from './login.js';

// The jump's own clock ends with ours or a little later, and has ssh's words.
const GRACE_MS = 1_000;
// A jump host that failed is not asked again by each of the hosts behind it.
const FAILED_MS = 30_000;
const ENOUGH_OF_A_LOG = 16 * 1024;

/** How a jump host's master is to be had. */
export interface JumpWay {
  readonly connection: ConnectionOptions;
  /** Masters that wait for this one. */
  readonly chain: readonly string[];
  /** What is left of the time of the host that asked first. */
  readonly timeoutMs: number;
  /** Told of a failure before any that waits for it. */
  readonly failed: (error: unknown) => void;
}

/** A share of a jump host's master. */
export interface JumpMaster {
  readonly controlPath: string;
  /** Its name in the runtime folder without the owner; null: the user's own. */
  readonly name: string | null;
  /** What it logs; null: nobody kept it. */
  readonly logFile: string | null;
  retire(): void;
  release(): Promise<void>;
}

export type AcquireJump = (target: Target, way: JumpWay, signal: AbortSignal) => Promise<JumpMaster>;

/** Who asks for a way. */
export interface Asker {
  readonly target: Target;
  readonly connection: ConnectionOptions;
  readonly chain: readonly string[];
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** The jump host failed, not the target; the message names it. */
export class JumpFailure extends ConnectFailure {}

/** The masters of jump hosts, each shared by all the hosts behind it. */
export class Jumps {
  private readonly failures = new Map<string, { readonly error: unknown; readonly at: number }>();

  constructor(private readonly acquire: AcquireJump) {}

  /**
   * The way to a target through the master of its jump host.
   * @returns null: it has none, or jump hosts are left to ssh
   * @throws JumpFailure, PsshError, or the signal's reason
   */
  async route(resolved: LoginConfig, asker: Asker): Promise<Route | null> {
    const { connection, target } = asker;
    if (resolved.proxyJump === null || !connection.jumpMaster || !connection.mux) return null;
    const hops = parseJump(resolved.proxyJump);
    if ('fault' in hops)
      throw new JumpFailure(target, 'unreachable', 'ERR_CONNECT', `ProxyJump: ${hops.fault}`, 0);
    // Of `a,b` ssh goes to b through a, and to the target through b.
    const last = hops.at(-1);
    if (last === undefined) return null;
    const label = jumpText(last);
    try {
      for (let tries = 1; ; tries += 1) {
        const master = await this.share(jumpTarget(last, target), hops.slice(0, -1), asker);
        const route = new Route(label, master);
        // One that died in this run is still held by those who were going through it.
        if (tries > 2 || (await route.isAlive())) return route;
        await route.giveUp();
      }
    } catch (error) {
      asker.signal.throwIfAborted();
      throw asJumpFailure(error, label, target);
    }
  }

  private async share(jump: Target, before: readonly JumpHost[], asker: Asker): Promise<JumpMaster> {
    const { chain, clock, signal } = asker;
    const connection = jumpConnection(asker.connection, before);
    const key = JSON.stringify([jump.host, jump.user, jump.port, jump.sshOptions, connection.jump]);
    const known = this.failures.get(key);
    if (known !== undefined && nowMs() - known.at < FAILED_MS) throw known.error;
    const failed = (error: unknown): void => {
      if (!signal.aborted) this.failures.set(key, { error, at: nowMs() });
    };
    const way: JumpWay = { connection, chain, timeoutMs: clock.leftMs, failed };
    return unlessOver(this.acquire(jump, way, signal), clock, asker);
  }
}

function jumpTarget(hop: JumpHost, { index, sshOptions }: Target): Target {
  const configFile = sshOptions?.configFile;
  return {
    ...hop,
    label: jumpText(hop),
    index,
    vars: {},
    ...(configFile === undefined ? {} : { sshOptions: { identities: [], options: [], configFile } }),
  };
}

/** As ssh has it: of the command line only -F, and the hosts of -J before it, count for a jump host. */
function jumpConnection(connection: ConnectionOptions, before: readonly JumpHost[]): ConnectionOptions {
  const { user: _user, port: _port, jump: _jump, ...rest } = connection;
  const through = before.length === 0 ? undefined : before.map(jumpText).join(',');
  return { ...rest, identities: [], sshOptions: [], ...(through === undefined ? {} : { jump: through }) };
}

/** The end of the time ends the waiting, a little later so that the jump's own words come first. */
async function unlessOver(
  work: Promise<JumpMaster>,
  clock: Clock,
  { connection, target, signal }: Asker,
): Promise<JumpMaster> {
  let timer: NodeJS.Timeout | undefined;
  let over = (): void => undefined;
  const given = new Promise<never>((_, reject) => {
    const message = `not connected within ${connection.connectTimeoutMs / 1000}s`;
    const late = new ConnectFailure(target, 'unreachable', 'ERR_CONNECT_TIMEOUT', message, 0);
    over = () => {
      if (signal.aborted) reject(signal.reason as Error);
      else timer = setTimeout(() => reject(late), GRACE_MS);
    };
    clock.signal.addEventListener('abort', over, { once: true });
    signal.addEventListener('abort', over, { once: true });
    if (clock.signal.aborted) over();
  });
  try {
    return await Promise.race([work, given]);
  } catch (error) {
    // It may come yet, and nobody is there to hand it back.
    void work.then(
      (master) => master.release(),
      () => undefined,
    );
    throw error;
  } finally {
    clearTimeout(timer);
    clock.signal.removeEventListener('abort', over);
    signal.removeEventListener('abort', over);
  }
}

function asJumpFailure(error: unknown, label: string, target: Target): unknown {
  // Of a chain the one that failed is named.
  if (error instanceof JumpFailure)
    return new JumpFailure(target, error.status, error.code, error.message, 0);
  if (!(error instanceof PsshError) || error.code === 'ERR_SSH_SPAWN' || error.code === 'ERR_MASTER')
    return error;
  const status = error instanceof ConnectFailure ? error.status : 'unreachable';
  return new JumpFailure(target, status, error.code, `jump host ${label}: ${error.message}`, 0);
}

/** A way through a jump host's master. */
export class Route {
  constructor(
    readonly label: string,
    readonly master: JumpMaster,
  ) {}

  /** The ProxyCommand of one login, and what it can be asked once that login has failed. */
  async attempt(resolved: LoginConfig, logPath: string): Promise<Passage> {
    const { controlPath, logFile } = this.master;
    const { hostname, port } = resolved;
    const logged = logFile === null ? 0 : ((await stat(logFile).catch(() => null))?.size ?? 0);
    return {
      proxyCommand: jumpCommand({ controlPath, logPath, hostname, port }),
      fault: async () => {
        const log = (await readFile(logPath, 'latin1').catch(() => '')).slice(-ENOUGH_OF_A_LOG);
        const fault = forwardFault(log);
        if (fault === null) return (await this.isAlive()) ? null : { lost: true, reason: this.lostReason };
        if (fault.lost) return { lost: true, reason: this.lostReason };
        // Only the master's log has the jump host's own words, and does not say whose they are.
        const refused = logFile === null ? [] : refusedForwards(await readFrom(logFile, logged));
        const reason = refused.length === 0 ? fault.reason : refused.join(' or ');
        return { lost: false, reason: `through jump host ${this.label}: ${reason}` };
      },
    };
  }

  isAlive(): Promise<boolean> {
    return aliveCheck(this.master.controlPath, ALIVE_DEADLINE_MS).then(
      () => true,
      () => false,
    );
  }

  /** It is of no use to anybody any more. */
  async giveUp(): Promise<void> {
    this.master.retire();
    await this.master.release();
  }

  private get lostReason(): string {
    return `jump host ${this.label}: its connection was lost`;
  }
}

/** One login's way through. */
export interface Passage {
  readonly proxyCommand: string;
  /** What the way has to do with a failed login; null: nothing. Lost: another try may find a new one. */
  fault(): Promise<{ readonly lost: boolean; readonly reason: string } | null>;
}

async function readFrom(file: string, start: number): Promise<string> {
  const handle = await open(file).catch(() => null);
  if (handle === null) return '';
  try {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(ENOUGH_OF_A_LOG), 0, ENOUGH_OF_A_LOG, start);
    return buffer.toString('latin1', 0, bytesRead);
  } finally {
    await handle.close();
  }
}
