// Spools more than `ulimit -f` lets a file hold, reads it back, and prints how that ended.
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { Spool } from '../../../src/run/spool.js';

const spool = await Spool.open(Readable.from([Buffer.alloc(8 * 1024 * 1024)]), () => undefined);
const ended = await buffer(spool.reader()).then(
  ({ length }) => `${length} bytes`,
  (error: NodeJS.ErrnoException) => error.code ?? error.message,
);
process.stdout.write(`${ended}\n`);
