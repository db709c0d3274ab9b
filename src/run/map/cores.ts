import type { Connection } from '../../transport/transport.js';

const ASK =
  'exec sh -c "getconf _NPROCESSORS_ONLN 2>/dev/null || nproc 2>/dev/null || sysctl -n hw.ncpu 2>/dev/null"';
const MOST = 1024;
const ANSWER_MS = 30_000;

/** How many cores a host has; 1 where it does not say. @throws PsshError where it can't be asked */
export async function coresOf(connection: Connection, signal: AbortSignal): Promise<number> {
  const channel = await connection.open(ASK, { stdin: 'none', signal });
  const timer = setTimeout(() => channel.close(), ANSWER_MS);
  channel.stderr.resume();
  let text = '';
  for await (const chunk of channel.stdout as AsyncIterable<Buffer>) text = (text + chunk).slice(-1000);
  await channel.exited.catch(() => undefined);
  clearTimeout(timer);
  // A login shell's start files may have talked before.
  const said = /^\s*(\d+)\s*$/m.exec(text.trim().split('\n').at(-1) ?? '')?.[1];
  return Math.min(MOST, Math.max(1, Number(said ?? 1)));
}
