import type { RunEvent, Sink } from '../../../src/core/events.js';
import type { HostResult, Status } from '../../../src/core/result.js';
import type { Target } from '../../../src/core/target.js';
import { finished, makeResult, makeSummary, makeTarget, outputEvent } from '../make.js';

const START = Date.UTC(2026, 10, 22, 12, 0, 0);

/** The targets of {@link sampleEvents}. */
export function sampleTargets(count: number): readonly Target[] {
  return Array.from({ length: count }, (_, index) =>
    makeTarget(`web${String(index + 1).padStart(String(count).length, '0')}.example.com`, { index }),
  );
}

/** A run on many hosts, the same each time: most are well, some fail in each way that there is. */
export function* sampleEvents(targets: readonly Target[]): Generator<RunEvent> {
  let at = START;
  for (const [place, target] of targets.entries()) {
    at = START + Math.floor(place / 32) * 90 + (place % 32) * 7;
    const connect = 60 + ((place * 37) % 180);
    const run = 150 + ((place * 91) % 400) + (place % 97 === 3 ? 1800 : 0);
    yield { type: 'connecting', time: at, target, attempt: 1 };
    const status = statusOf(place);
    const lost = status === 'unreachable' || status === 'auth-failed';
    if (!lost) {
      yield { type: 'connected', time: at + connect, target, reused: false, transport: { kind: 'mux' } };
      yield { type: 'started', time: at + connect, target, step: 0, command: 'uname -r' };
      const kernel = place % 9 === 4 ? '6.1.0-25-amd64' : '6.1.0-26-amd64';
      if (status !== 'timed-out')
        yield outputEvent(`Linux ${kernel}\nload average: 0.08, 0.03, 0.01\n`, { target });
      if (status === 'failed')
        yield outputEvent('make: *** No rule to make target. Stop.\n', { target, stream: 'stderr' });
    }
    yield { ...finished(resultOf(target, status, run)), time: at + connect + (lost ? 0 : run) };
  }
  const count = (status: Status): number => targets.filter((_, place) => statusOf(place) === status).length;
  const counts = Object.fromEntries(
    (['ok', 'failed', 'timed-out', 'unreachable', 'auth-failed'] as const).map((one) => [one, count(one)]),
  );
  const summary = makeSummary(counts, { durationMs: at - START + 700, exitCode: 3 });
  yield { type: 'summary', time: at + 700, summary };
}

export async function play(events: Iterable<RunEvent>, sink: Sink): Promise<void> {
  for (const event of events) await sink.event(event);
  await sink.end?.();
}

function statusOf(place: number): Status {
  if (place % 61 === 2) return 'failed';
  if (place % 97 === 3) return 'timed-out';
  if (place % 211 === 4) return 'unreachable';
  return place % 401 === 10 ? 'auth-failed' : 'ok';
}

function resultOf(target: Target, status: Status, durationMs: number): HostResult {
  const rest: Partial<Record<Status, Partial<HostResult>>> = {
    failed: { exitCode: 2 },
    'timed-out': { killed: 'confirmed' },
    unreachable: { error: { code: 'ERR_CONNECT', message: 'Connection refused' } },
    'auth-failed': { error: { code: 'ERR_AUTH', message: 'Permission denied (publickey)' } },
  };
  return makeResult({ target, status, durationMs, attempts: 1, ...rest[status] });
}
