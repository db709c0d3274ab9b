import { main } from './cli/main.js';
import { processIo } from './cli/process-io.js';

/** The command; src/bin.ts calls it. No await at the top: it is built as CommonJS (scripts/build.js). */
export async function start(): Promise<void> {
  process.once('beforeExit', stalled);
  const code = await main(process.argv.slice(2), processIo);
  process.off('beforeExit', stalled);
  process.exitCode = code;
}

/** Nothing is left to wait for, and the work is not done: Node would end it here and call that a success. */
function stalled(): void {
  process.stderr.write('pssh-ts: stopped in the middle of its work; that is a fault of pssh-ts\n');
  process.exitCode = 1;
}
