import { completeTree } from '../command-tree.js';
import type { Io } from '../io.js';
import { buildProgram } from '../program.js';
import { offerAt } from './candidates.js';
import { findCursor } from './cursor.js';
import { knownNames } from './known-names.js';
import { type Asked, formatFor, readAsked } from './shells.js';

/**
 * What the completion scripts ask: `__complete SHELL … WORDS`, the last word being the one that is typed. Says nothing
 * where it does not know or something is wrong: what is printed at a Tab lands in the middle of somebody's line.
 */
export async function answer(argv: readonly string[], io: Io): Promise<void> {
  try {
    const asked = readAsked(argv);
    if (asked !== null) io.stdout.write(await answerTo(asked, io));
  } catch {
    // As if there were nothing to offer.
  }
}

async function answerTo(asked: Asked, io: Io): Promise<string> {
  const program = buildProgram(io, asked.words, () => undefined);
  completeTree(program);
  const cursor = findCursor(program, asked.words, asked.current.text);
  const offer = await offerAt(cursor, asked.current.text, {
    names: () => knownNames(program, cursor.said, io.env),
    runs: async () => {
      const { recordFolder, recordIds } = await import('../record-store.js');
      return recordIds(recordFolder(io.env));
    },
  });
  return formatFor(asked, offer);
}
