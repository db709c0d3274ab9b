import { Readable } from 'node:stream';
import { onAbort } from '../core/abort.js';
import { Capture } from '../core/capture.js';
import { PsshError } from '../core/errors.js';
import type { StreamName } from '../core/events.js';
import type { RunOptions } from '../core/options.js';
import type { BlockStore } from '../core/output.js';
import type { HostResult } from '../core/result.js';
import { shortage } from '../core/shortage.js';
import type { Target } from '../core/target.js';
import { ConnectFailure } from '../master/login.js';
import { nowMs } from '../ssh/now.js';
import type { Channel, Connection } from '../transport/transport.js';
import { DrainWatch } from './drain-watch.js';
import { describe, type Ending, isGiven, unstartedBy } from './ending.js';
import type { EventBus } from './event-bus.js';
import { Guard } from './leash/guard.js';
import { markFor } from './leash/mark.js';
import { LineSplitter } from './lines.js';
import type { PlannedCommand } from './plan.js';
import { endedBy } from './run-signal.js';
import { sudoSession } from './sudo/session.js';

// What was on its way when a command was given up still counts; the master may hold the pipes for longer.
const IN_FLIGHT_MS = 250;

const DRAIN_TICK_MS = 50;

export interface StepContext {
  readonly target: Target;
  readonly step: number;
  readonly planned: PlannedCommand;
  readonly connection: Connection;
  readonly attempts: number;
  /** Without a word of ours for this long the host takes the network for lost. */
  readonly silenceMs: number;
  readonly options: RunOptions;
  readonly bus: EventBus;
  /** Where captured output lies. */
  readonly store: BlockStore;
  readonly stdin: (() => Readable) | null;
  /** Cancels the run, or its deadline has come. */
  readonly signal: AbortSignal;
}

/** Runs one command on one host over a connection that stands. Never throws: every ending is a result. */
export async function runStep(context: StepContext): Promise<HostResult> {
  const { target, step, planned, options, bus } = context;
  const { connection } = context;
  let startedAt = new Date();
  let started = nowMs();
  let { attempts } = context;
  const capture = (): Capture => new Capture(options.maxOutput, context.store);
  const captures = { stdout: capture(), stderr: capture() };
  const finish = (ending: Ending, killed: HostResult['killed'] = null): HostResult => ({
    target,
    step,
    command: planned.command,
    ...describe(ending),
    killed,
    stdout: captures.stdout.end(),
    stderr: captures.stderr.end(),
    truncated: captures.stdout.truncated || captures.stderr.truncated,
    attempts,
    startedAt,
    durationMs: Math.round(nowMs() - started),
  });

  const { killGraceMs: graceMs } = options;
  const ends = options.onDisconnect === 'kill';
  const sudo = sudoSession(planned, target, options, context.signal);
  const { text, mark } = markFor(connection, sudo === null ? planned : { ...planned, text: sudo.text });
  let channel: Channel;
  const { input } = planned;
  const stdin = input === undefined ? context.stdin : () => Readable.from([input]);
  try {
    channel = await connection.open(text, {
      stdin: stdin === null && sudo === null ? 'none' : 'pipe',
      signal: context.signal,
      ...(options.pty === null ? {} : { pty: options.pty }),
      onAttempt: (attempt) => void bus.emit({ type: 'connecting', time: Date.now(), target, attempt }),
    });
  } catch (error) {
    if (error instanceof ConnectFailure) {
      attempts = error.attempts;
      return finish({ by: 'connect', error });
    }
    const fault = asPsshError(error, target);
    // Given up while it waited for a session: nothing was sent, so nothing runs.
    const unsent = context.signal.aborted && fault.code === 'ERR_CHANNEL_OPEN';
    return finish(unsent ? { by: endedBy(context.signal) } : { by: 'fault', error: fault });
  }
  if (connection.kind === 'plain') {
    // The time of a command begins when it was sent.
    startedAt = new Date();
    started = nowMs();
    attempts = channel.attempts ?? attempts;
    const transport = { kind: connection.kind, reason: connection.reason ?? '' };
    await bus.emit({ type: 'connected', time: Date.now(), target, reused: false, transport });
  }
  const outputs = sudo?.over(channel) ?? channel;
  await bus.emit({ type: 'started', time: Date.now(), target, step, command: planned.command });
  if (sudo === null) feed(channel, stdin);
  const held = { count: 0 };
  const pumps = (['stdout', 'stderr'] as const).map((name) =>
    pump(outputs[name], name, captures[name], context, held),
  );
  const { silenceMs } = context;
  const waits = sudo !== null;
  const guard = new Guard({ connection, channel, graceMs, silenceMs, armed: ends, mark, waits });
  const unstarted = sudo === null ? null : unstartedBy(await sudo.begun(), context.signal);
  if (sudo !== null && unstarted === null) feed(channel, stdin);
  const watch =
    channel.letGo === undefined || !ends
      ? null
      : new DrainWatch({ channel, guard, drainMs: options.drainMs, held: () => held.count > 0 });
  let ending = unstarted ?? (await waitForEnd(channel, context));
  // It had exited by then.
  if (isGiven(ending) && unstarted === null && (await watch?.end()) === true) ending = await exitOf(channel);
  watch?.stop();
  const given = isGiven(ending);
  // A leash of another login does not notice that this one is lost.
  const lost = unstarted === null && ending.by === 'fault' && connection.kind === 'plain' && ends;
  const quit = unstarted !== null && sudo !== null && (await sudo.quits());
  const left = given || lost || unstarted !== null;
  const ended = quit ? (given ? 'confirmed' : null) : left ? await guard.kill() : null;
  const killed = ended === null || sudo === null ? ended : await sudo.judge(ended);
  await guard.release();
  if (given) channel.close();
  const limit = given ? Math.min(IN_FLIGHT_MS, options.drainMs) : options.drainMs;
  const drained = await settleWithin(Promise.all(pumps), limit, () => held.count > 0);
  if (!drained) {
    outputs.stdout.destroy();
    outputs.stderr.destroy();
    channel.close();
  }
  const letGo = watch?.letGo ?? (drained || given ? null : 'drained');
  if (letGo !== null) {
    const when = letGo === 'early' ? 'as its time was over' : `after ${options.drainMs / 1000}s`;
    const message = `something on the host still holds the command's output; let go ${when}`;
    await bus.emit({ type: 'note', time: Date.now(), target, message });
  }
  await Promise.all(pumps);
  const { cut } = channel;
  const fault = cut ?? (guard.lost ? unheard(context) : null);
  return finish(ending.by === 'exit' && fault !== null ? { by: 'fault', error: fault } : ending, killed);
}

/** The network was away for longer than the host waits, or we were stopped; what ended the command was the leash. */
export function unheard({ silenceMs, target }: Pick<StepContext, 'silenceMs' | 'target'>): PsshError {
  const reason = `the host heard nothing of pssh-ts for ${silenceMs / 1000}s and ended the command`;
  return new PsshError('ERR_DISCONNECTED', reason, { target: target.label });
}

/** The first of: the command's end, its time limit, the run's deadline, a cancel. */
export function waitForEnd(
  channel: Channel,
  { options, signal }: { readonly options: Pick<RunOptions, 'timeoutMs'>; readonly signal: AbortSignal },
): Promise<Ending> {
  return new Promise((resolve) => {
    let timer: NodeJS.Timeout | undefined;
    const finish = (ending: Ending): void => {
      clearTimeout(timer);
      stopListening();
      resolve(ending);
    };
    let stopListening = (): void => undefined;
    if (options.timeoutMs !== null) timer = setTimeout(() => finish({ by: 'timeout' }), options.timeoutMs);
    stopListening = onAbort(signal, () => finish({ by: endedBy(signal) }));
    void exitOf(channel).then(finish);
  });
}

function exitOf({ exited }: Channel): Promise<Ending> {
  return exited.then(
    (exit) => ({ by: 'exit', exit }),
    (error: unknown) => ({ by: 'fault', error: error as PsshError }),
  );
}

function feed(channel: Channel, stdin: (() => Readable) | null): void {
  if (channel.stdin === null) return;
  if (stdin === null) {
    // It was open for sudo alone.
    channel.stdin.end();
    return;
  }
  const source = stdin();
  const target = channel.stdin;
  source.on('error', () => target.destroy());
  target.on('error', () => source.destroy());
  target.on('close', () => source.destroy());
  source.pipe(target);
}

/** Reads a stream to its end, no faster than the slowest sink takes it. */
function pump(
  stream: Readable,
  name: StreamName,
  capture: Capture,
  context: StepContext,
  held: { count: number },
): Promise<void> {
  const { target, step, options, bus } = context;
  const lines = new LineSplitter((data, partial) =>
    bus.emit({ type: 'output', time: Date.now(), target, step, stream: name, data, partial }),
  );
  let taken: Promise<void> = Promise.resolve();
  return new Promise((resolve) => {
    stream.on('data', (chunk: Buffer) => {
      if (options.capture) capture.add(chunk);
      const wait = bus.heard ? lines.push(chunk) : undefined;
      if (wait === undefined) return;
      stream.pause();
      held.count += 1;
      taken = wait.then(() => {
        held.count -= 1;
        stream.resume();
      });
    });
    stream.on('error', () => stream.destroy());
    stream.on('close', () => {
      // A stream that was destroyed closes while the views still have its last lines in hand.
      void taken.then(() => lines.flush()).then(resolve);
    });
  });
}

/**
 * Whether the work was done within a time that does not run while a slow reader of ours holds it up: what waits
 * in our own hands is no fault of the host, and is not lost.
 */
function settleWithin(work: Promise<unknown>, ms: number, held: () => boolean): Promise<boolean> {
  return new Promise((resolve) => {
    let left = ms;
    let last = nowMs();
    const timer = setInterval(() => {
      const now = nowMs();
      if (!held()) left -= now - last;
      last = now;
      if (left > 0) return;
      clearInterval(timer);
      resolve(false);
    }, DRAIN_TICK_MS);
    void work.then(() => {
      clearInterval(timer);
      resolve(true);
    });
  });
}

export function asPsshError(error: unknown, target: Target): PsshError {
  const short = shortage(error);
  if (short !== null) {
    const code = error instanceof PsshError ? error.code : 'ERR_MASTER';
    return new PsshError(code, short, { target: target.label, cause: error });
  }
  if (error instanceof PsshError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new PsshError('ERR_MASTER', message, { target: target.label, cause: error });
}
