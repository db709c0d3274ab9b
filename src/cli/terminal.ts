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

/** Whether CI is set: there is nobody to watch or to ask. */
export function isCi(env: NodeJS.ProcessEnv): boolean {
  return env.CI !== undefined && env.CI !== '' && env.CI !== 'false';
}

/** Redrawn in place where somebody can watch it, as lines where it is asked for elsewhere. */
export function progressKind(
  io: Pick<Io, 'stderr' | 'env'>,
  option: boolean | undefined,
  quiet: boolean,
): 'redraw' | 'lines' | 'none' {
  if (option === false || (quiet && option !== true)) return 'none';
  if (io.stderr.isTTY === true && io.env.TERM !== 'dumb' && !isCi(io.env)) return 'redraw';
  return option === true ? 'lines' : 'none';
}
