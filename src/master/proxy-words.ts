import { jumpText, parseJump } from '../core/jump.js';
import type { ConnectionOptions } from '../core/options.js';
import type { Target } from '../core/target.js';
import { proxyProbeArgs } from '../ssh/argv.js';
import { type Diagnosis, diagnose, lastLine } from '../ssh/diagnose.js';
import type { LoginConfig } from '../ssh/resolve-alike.js';
import { runSsh } from '../ssh/spawn.js';

const PROBE_MS = 10_000;

/**
 * What the ProxyCommand of a config, or ssh's own for a ProxyJump, has to say on a connection that was closed before
 * the login: of that alone ssh knows nothing but "Connection closed by UNKNOWN port 65535".
 * @returns null: there is no proxy, or it says nothing
 */
export async function proxyWords(
  target: Target,
  connection: ConnectionOptions,
  resolved: LoginConfig,
  signal: AbortSignal,
): Promise<Diagnosis | null> {
  const name = proxyName(resolved);
  if (name === null || signal.aborted) return null;
  const answer = await runSsh(proxyProbeArgs(target, connection), PROBE_MS, signal);
  if (lastLine(answer.stderr) === null) return null;
  // Often it is an ssh: the same words mean the same.
  const diagnosis = diagnose(answer.stderr);
  return { ...diagnosis, reason: `${name}: ${diagnosis.reason}` };
}

function proxyName({ proxyJump, values }: LoginConfig): string | null {
  if (proxyJump === null)
    return (values.get('proxycommand')?.[0] ?? 'none') === 'none' ? null : 'ProxyCommand';
  const hops = parseJump(proxyJump);
  const last = 'fault' in hops ? undefined : hops.at(-1);
  return `jump host ${last === undefined ? proxyJump : jumpText(last)}`;
}
