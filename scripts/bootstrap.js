// What every entry point does first on a fresh clone: plain JavaScript, because nothing is installed yet.
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Runs a command in the project's folder, its output on ours. @returns its exit code */
export function run(command, args, env = process.env) {
  const { status, signal, error } = spawnSync(command, args, { cwd: ROOT, stdio: 'inherit', env });
  if (error !== undefined) process.stderr.write(`${command}: ${error.message}\n`);
  return status ?? (signal === null ? 1 : 128);
}

/** The packages of the lock file, installed into the project's folder where they are not yet. */
export function installPackages() {
  const lock = `${ROOT}package-lock.json`;
  const installed = `${ROOT}node_modules/.package-lock.json`;
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs) return;
  const code = run('npm', ['ci', '--no-audit', '--no-fund']);
  if (code !== 0) process.exit(code);
}
