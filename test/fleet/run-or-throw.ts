import { spawnSync } from 'node:child_process';

/** Runs a program to its end. @throws Error with what it said, where it failed */
export function runOrThrow(command: string, args: readonly string[], input = ''): void {
  const { status, stderr, error } = spawnSync(command, args, { input, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${[command, ...args].join(' ')}: ${stderr ?? error?.message}`);
}
