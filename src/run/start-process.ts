import { finished, type Readable, type Writable } from 'node:stream';
import { PsshError } from '../core/errors.js';
import type { RunOptions } from '../core/options.js';
import { NO_OUTPUT } from '../core/output.js';
import type { HostResult } from '../core/result.js';
import type { Lease } from '../master/pool.js';
import { nowMs } from '../ssh/now.js';
import type { Channel, Connection } from '../transport/transport.js';
import { describe, isGiven } from './ending.js';
import { EventBus } from './event-bus.js';
import { HostConnection } from './host-connection.js';
import { Guard } from './leash/guard.js';
import type { PlannedCommand, PlannedHost } from './plan.js';
import { type Reach, silenceOf } from './reach.js';
import { unheard, waitForEnd } from './run-step.js';
import { type SudoSession, sudoSession } from './sudo/session.js';

/** A command that runs, with its streams in the hands of the caller. */
export interface Started {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** How it ended; its output is the streams' alone. Never rejects. */
  readonly exited: Promise<HostResult>;
  /** Nothing is held for it any more: it has ended, and both streams are read or destroyed. */
  readonly released: Promise<void>;
}

/**
 * Starts one command on one host. What ends it early (the signal, its time, the loss of the connection) ends it on the
 * host as in a run.
 * @throws ConnectFailure, PsshError where it could not be started; the signal's reason
 */
export async function startProcess(
  { target }: PlannedHost,
  planned: PlannedCommand,
  reach: Reach,
  options: RunOptions,
  signal: AbortSignal,
): Promise<Started> {
  const link = new HostConnection({ ...reach, target, bus: new EventBus([], () => undefined), signal });
  try {
    await link.connect();
    for (;;) {
      const { current } = link;
      if (current === null) throw new TypeError('no connection stands');
      try {
        const sudo = sudoSession(planned, target, options, signal);
        const text = sudo?.text ?? planned.text;
        const channel = await current.connection.open(text, { stdin: 'pipe', signal });
        return await watched(channel, { ...current, link, target, planned, options, signal, sudo });
      } catch (error) {
        const unsent = error instanceof PsshError && error.code === 'ERR_CHANNEL_OPEN';
        if (!unsent || !(await link.renew())) throw error;
      }
    }
  } catch (error) {
    await link.close();
    throw error;
  }
}

interface Watched {
  readonly lease: Lease;
  readonly connection: Connection;
  readonly target: PlannedHost['target'];
  readonly planned: PlannedCommand;
  readonly options: RunOptions;
  readonly signal: AbortSignal;
  readonly link: HostConnection;
  readonly sudo: SudoSession | null;
}

/** @throws PsshError ERR_SUDO, or the signal's reason, where sudo does not start it */
async function watched(channel: Channel, context: Watched): Promise<Started> {
  const { connection, lease, options, signal, sudo } = context;
  const { stdin } = channel;
  const { stdout, stderr } = sudo?.over(channel) ?? channel;
  if (stdin === null) throw new TypeError('a channel without stdin');
  // The remote may stop reading, or be cut, at any moment: how it ended is in the result.
  for (const stream of [stdin, stdout, stderr]) stream.on('error', () => undefined);
  const startedAt = new Date();
  const started = nowMs();
  const silenceMs = silenceOf(lease.master);
  const armed = options.onDisconnect === 'kill';
  const guard = new Guard({
    connection,
    channel,
    graceMs: options.killGraceMs,
    silenceMs,
    armed,
    mark: null,
    waits: sudo !== null,
  });
  if (sudo !== null) await refuseUnstarted(sudo, { channel, guard, signal });
  const end = async (): Promise<HostResult> => {
    const ending = await waitForEnd(channel, { options, signal });
    const given = isGiven(ending);
    const ended = given ? await guard.kill() : null;
    const killed = ended === null || sudo === null ? ended : await sudo.judge(ended);
    await guard.release();
    if (killed === 'unknown') context.link.retire();
    if (given) channel.close();
    const fault = channel.cut ?? (guard.lost ? unheard({ silenceMs, target: context.target }) : null);
    const lost = ending.by === 'exit' && fault !== null;
    return {
      target: context.target,
      step: 0,
      command: context.planned.command,
      ...describe(lost ? { by: 'fault', error: fault } : ending),
      killed,
      stdout: NO_OUTPUT,
      stderr: NO_OUTPUT,
      truncated: false,
      attempts: context.link.attempts,
      startedAt,
      durationMs: Math.round(nowMs() - started),
    };
  };
  const exited = end();
  const done = async (): Promise<void> => {
    const over = [stdout, stderr].map((stream) => settled(stream));
    const { status } = await exited;
    if (status === 'canceled' || status === 'timed-out') for (const one of [stdout, stderr]) one.destroy();
    const stop = (): void => {
      stdout.destroy();
      stderr.destroy();
    };
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    await Promise.all(over);
    signal.removeEventListener('abort', stop);
    stdin.destroy();
    await context.link.close();
  };
  return { stdin, stdout, stderr, exited, released: done() };
}

/** @throws PsshError ERR_SUDO, the signal's reason; nothing of it is left by then, as far as can be */
async function refuseUnstarted(
  sudo: SudoSession,
  { channel, guard, signal }: { channel: Channel; guard: Guard; signal: AbortSignal },
): Promise<void> {
  const start = await sudo.begun();
  if (start.kind === 'running') return;
  for (const stream of [channel.stdout, channel.stderr]) stream.resume();
  if (!(await sudo.quits())) await guard.kill();
  await guard.release();
  channel.close();
  signal.throwIfAborted();
  if ('error' in start) throw start.error;
  throw new PsshError('ERR_SUDO', 'sudo did not start the command in its time');
}

function settled(stream: Readable): Promise<void> {
  return new Promise((resolve) => {
    finished(stream, { writable: false }, () => resolve());
  });
}
