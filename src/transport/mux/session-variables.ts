import { matchPattern } from '../../core/ssh-pattern.js';
import type { SessionTraits } from '../../master/session-traits.js';

/** The variables that ssh would ask the server to set: ours that SendEnv names, then those of SetEnv. */
export function sessionVariables(
  session: SessionTraits | null,
  ours: NodeJS.ProcessEnv,
): (readonly [string, string])[] {
  const { sendEnv, setEnv } = session ?? { sendEnv: [], setEnv: [] };
  const sent =
    sendEnv.length === 0
      ? []
      : Object.entries(ours).filter(
          (entry): entry is [string, string] =>
            entry[1] !== undefined && sendEnv.some((pattern) => matchPattern(entry[0], pattern)),
        );
  const set = setEnv.map((text) => {
    const equals = text.indexOf('=');
    return [text.slice(0, equals), text.slice(equals + 1)] as const;
  });
  return [...sent, ...set];
}
