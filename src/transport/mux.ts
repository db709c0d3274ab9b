import { onAbort } from '../core/abort.js';
import { targetKey } from '../core/target.js';
import type { Master, MasterPool } from '../master/pool.js';
import { MuxConnection } from './mux/connection.js';
import { sessionVariables } from './mux/session-variables.js';
import { SharedLink } from './mux/shared-link.js';
import { Slots } from './mux/slots.js';
import type { Connection, Transport } from './transport.js';

export interface MuxOptions {
  /** Sessions open at once over one master; below sshd's MaxSessions of 10, so that there is room for others. */
  readonly maxSessions: number;
  /** For the socket to the master. */
  readonly connectDeadlineMs: number;
  /** For the server's answer to the opening of a session, and to the command. */
  readonly answerDeadlineMs: number;
  /** Bytes that a host may send on a channel before they are taken. */
  readonly window: number;
  readonly maxPacket: number;
}

export const MUX_DEFAULTS = {
  maxSessions: 8,
  connectDeadlineMs: 5_000,
  answerDeadlineMs: 30_000,
  window: 2 * 1024 * 1024,
  maxPacket: 32 * 1024,
} as const satisfies MuxOptions;

/** Talks to the master itself, over one socket and without a process (PROTOCOL.mux, proxy mode). */
export const muxTransport: Transport = createMuxTransport();

export function createMuxTransport(options: Partial<MuxOptions> = {}): Transport {
  const settings: MuxOptions = { ...MUX_DEFAULTS, ...options };
  const links = new WeakMap<Master, SharedLink>();
  const slots = new WeakMap<Master, Slots>();
  const caps = new WeakMap<MasterPool, Map<string, number>>();
  const kept = new WeakSet<Master>();
  const environments = new WeakMap<MasterPool, NodeJS.ProcessEnv>();

  // Reading process.env costs a call of the system for each variable; a run's hosts all see the same.
  const environment = (pool: MasterPool): NodeJS.ProcessEnv => {
    const env = environments.get(pool) ?? { ...process.env };
    environments.set(pool, env);
    return env;
  };

  /** Outlives a link: what it closed last may not be free yet when the next one opens. */
  const slotsOf = (master: Master, pool: MasterPool): Slots => {
    const learned = caps.get(pool) ?? new Map<string, number>();
    caps.set(pool, learned);
    // A host's next master starts with what its last one was taught.
    const key = targetKey(master.target);
    const known = slots.get(master);
    if (known !== undefined) return known;
    const cap = learned.get(key) ?? Math.min(master.sessionCap ?? Infinity, settings.maxSessions);
    const made = new Slots(cap, (lower) => {
      learned.set(key, lower);
      pool.learnCap(master, lower);
    });
    slots.set(master, made);
    return made;
  };

  const linkOf = (master: Master, pool: MasterPool): SharedLink => {
    const known = links.get(master);
    if (known !== undefined) return known;
    const made = new SharedLink({
      ...settings,
      controlPath: master.controlPath,
      label: master.target.label,
      slots: slotsOf(master, pool),
      variables: sessionVariables(master.session, environment(pool)),
      isKept: () => kept.has(master),
      onOver: () => {
        if (links.get(master) === made) links.delete(master);
      },
    });
    links.set(master, made);
    return made;
  };

  const connect = async (master: Master, pool: MasterPool, signal: AbortSignal): Promise<Connection> => {
    signal.throwIfAborted();
    const shared = linkOf(master, pool);
    shared.enter();
    const user = {};
    const { link, sessions } = await unlessAborted(shared.ready, signal).catch(async (error: unknown) => {
      await shared.leave(user);
      throw error;
    });
    return new MuxConnection(link, sessions, (connection) => shared.leave(connection));
  };

  const keep = (master: Master): (() => Promise<boolean>) => {
    kept.add(master);
    return async () => {
      kept.delete(master);
      return (await links.get(master)?.closeUnlessWanted()) ?? true;
    };
  };

  return { kind: 'mux', connect, keep };
}

function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stopListening = onAbort(signal, () => reject(signal.reason as Error));
    work.then(
      (value) => {
        stopListening();
        resolve(value);
      },
      (error: unknown) => {
        stopListening();
        reject(error);
      },
    );
  });
}
