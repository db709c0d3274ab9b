import type { Relay } from '../fleet/relay.js';
import { until } from '../fleet/until.js';

/**
 * What the server says until a login is granted: all that a master without a session hears but the last piece, which
 * tells its host keys.
 * @param run the command line, with masters
 */
export async function bytesOfLogin(
  host: string,
  relay: Relay,
  run: (args: readonly string[]) => Promise<unknown>,
): Promise<number> {
  await run(['masters', 'open', host]);
  let before = -1;
  const isQuiet = (): boolean => {
    const { bytes } = relay.passed;
    const same = bytes === before;
    before = bytes;
    return same && bytes > 0;
  };
  await until(isQuiet, { deadlineMs: 30_000, everyMs: 500, what: 'the server to have said all' });
  await run(['masters', 'close', host]);
  return relay.passed.bytes - relay.passed.last;
}
