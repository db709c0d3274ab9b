import { PsshError } from '../core/errors.js';
import type { ConnectionOptions } from '../core/options.js';
import type { Target } from '../core/target.js';
import { resolveArgs } from './argv.js';
import { lastLine } from './diagnose.js';
import { runSsh } from './spawn.js';

/** What `ssh -G` says of a target: every keyword in lower case with its values in order. */
export interface ResolvedConfig {
  readonly hostname: string;
  readonly user: string;
  readonly port: number;
  readonly proxyJump: string | null;
  readonly identityFiles: readonly string[];
  readonly serverAliveInterval: number;
  readonly values: ReadonlyMap<string, readonly string[]>;
}

// ssh -G answers in milliseconds; a `Match exec` that hangs must not hang us.
const RESOLVE_TIMEOUT_MS = 10_000;

/** Asks ssh what its configuration comes to for the target. @throws PsshError ERR_CONNECT in ssh's words */
export async function resolveConfig(
  target: Target,
  connection: ConnectionOptions,
  signal?: AbortSignal,
): Promise<ResolvedConfig> {
  const answer = await runSsh(resolveArgs(target, connection), RESOLVE_TIMEOUT_MS, signal);
  signal?.throwIfAborted();
  if (answer.code !== 0) {
    const reason = lastLine(answer.stderr) ?? `ssh -G gave no answer within ${RESOLVE_TIMEOUT_MS / 1000}s`;
    throw new PsshError('ERR_CONNECT', reason, { target: target.label });
  }
  return parseResolved(answer.stdout, target.host);
}

export function parseResolved(text: string, host: string): ResolvedConfig {
  const values = new Map<string, string[]>();
  for (const line of text.split('\n')) {
    const blank = line.indexOf(' ');
    if (blank < 1) continue;
    const keyword = line.slice(0, blank).toLowerCase();
    const value = line.slice(blank + 1);
    const known = values.get(keyword);
    if (known === undefined) values.set(keyword, [value]);
    else known.push(value);
  }
  const first = (keyword: string): string | undefined => values.get(keyword)?.[0];
  const jump = first('proxyjump');
  return {
    hostname: first('hostname') ?? host,
    user: first('user') ?? '',
    port: Number(first('port') ?? 22),
    proxyJump: jump === undefined || jump === 'none' ? null : jump,
    identityFiles: values.get('identityfile') ?? [],
    serverAliveInterval: Number(first('serveraliveinterval') ?? 0),
    values,
  };
}
