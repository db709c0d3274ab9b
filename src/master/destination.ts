import { userInfo } from 'node:os';
import path from 'node:path';
import type { ConnectionOptions } from '../core/options.js';
import type { Target } from '../core/target.js';
import { type ConfigState, readConfigState } from '../ssh/config-state.js';
import { resolveConfig } from '../ssh/resolve.js';
import { hashOf } from './names.js';

let ours: string | null = null;

/** Asked once: it reads the password file. */
function ourName(): string {
  ours ??= userInfo().username;
  return ours;
}

/**
 * A hash of everything that decides where a connection goes and as whom, so that a changed HostName in
 * ssh_config never reaches the old machine through a master that still lives.
 */
export async function destinationHash(
  target: Target,
  connection: ConnectionOptions,
  configState: ConfigState,
  signal: AbortSignal,
): Promise<string> {
  const parts: unknown[] = [
    ourName(),
    target.host,
    target.user ?? connection.user ?? null,
    target.port ?? connection.port ?? null,
    connection.jump ?? null,
    // A relative name means another file in another folder.
    connection.identities.map((file) => path.resolve(file)),
    connection.sshOptions,
    connection.hostKeys,
    connection.sshConfig === undefined ? null : path.resolve(connection.sshConfig),
    configState.digest,
    target.sshOptions ?? null,
    // What is relative in options and commands is so to this folder.
    [...connection.sshOptions, ...(target.sshOptions?.options ?? [])].length > 0 ? process.cwd() : null,
  ];
  const ownConfig = target.sshOptions?.configFile;
  const ownState = ownConfig === undefined ? configState : readConfigState({ sshConfig: ownConfig });
  if (ownState !== configState) parts.push(ownState.digest);
  // What a `Match exec` says can change with the files unchanged: ask ssh each time.
  if (ownState.asksMore) {
    const resolved = await resolveConfig(target, connection, signal);
    parts.push([...resolved.values]);
  }
  return hashOf(parts);
}
