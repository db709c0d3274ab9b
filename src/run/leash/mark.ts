import { randomBytes } from 'node:crypto';
import { frameCommand, LONGEST_COMMAND } from '../../core/command.js';
import type { Connection } from '../../transport/transport.js';
import type { PlannedCommand } from '../plan.js';

// The line that sets the variable, at most.
const ROOM = 200;

/**
 * The text to send, and the mark in it by which a leash of another login knows the command: a variable, so that what
 * the command starts bears it too. Commands over a master need none, and words sent as they are (`--raw`) bear none.
 */
export function markFor(
  { kind }: Connection,
  { command, text }: PlannedCommand,
): { readonly text: string; readonly mark: string | null } {
  const isTooLong = Buffer.byteLength(text) > LONGEST_COMMAND - ROOM;
  if (kind !== 'plain' || text === command || isTooLong) return { text, mark: null };
  const mark = randomBytes(9).toString('hex');
  return { text: frameCommand(text, { env: { PSSH_MARK: mark } }), mark };
}
