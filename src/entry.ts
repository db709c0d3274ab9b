import { main } from './cli/main.js';
import { processIo } from './cli/process-io.js';

/** The command; src/bin.ts calls it. No await at the top: it is built as CommonJS (scripts/build.js). */
export async function start(): Promise<void> {
  process.exitCode = await main(process.argv.slice(2), processIo);
}
