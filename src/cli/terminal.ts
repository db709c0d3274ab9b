import type { Io } from './io.js';

export interface TerminalTraits {
  readonly terminal: { readonly stdout: boolean; readonly stderr: boolean };
  readonly color: { readonly stdout: boolean; readonly stderr: boolean };
}

/** What each of our streams can show. NO_COLOR and FORCE_COLOR as no-color.org and Node mean them. */
export function terminalTraits(io: Io, colorOption: boolean | undefined): TerminalTraits {
  const stdout = io.stdout.isTTY === true;
  const stderr = io.stderr.isTTY === true;
  const { NO_COLOR, FORCE_COLOR, TERM } = io.env;
  const refused = colorOption === false || (NO_COLOR !== undefined && NO_COLOR !== '') || FORCE_COLOR === '0';
  const forced = FORCE_COLOR !== undefined && FORCE_COLOR !== '0';
  const able = (terminal: boolean): boolean => !refused && (forced || (terminal && TERM !== 'dumb'));
  return { terminal: { stdout, stderr }, color: { stdout: able(stdout), stderr: able(stderr) } };
}
