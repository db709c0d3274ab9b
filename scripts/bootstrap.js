// What every entry point does first on a fresh clone: plain JavaScript, because nothing is installed yet.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Runs a command in the project's folder, its output on ours. @returns its exit code */
export function run(command, args, env = process.env) {
  const { status, signal, error } = spawnSync(command, args, { cwd: ROOT, stdio: 'inherit', env });
  if (error !== undefined) process.stderr.write(`${command}: ${error.message}\n`);
  return status ?? (signal === null ? 1 : 128);
}

/**
 * The same beside other commands: what it writes comes in one piece at its end, unless it is live.
 * @returns its exit code
 */
export function start(command, args, { live = false } = {}) {
  return new Promise((resolve) => {
    const written = [];
    const child = spawn(command, args, { cwd: ROOT, stdio: live ? 'inherit' : ['inherit', 'pipe', 'pipe'] });
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => written.push(chunk));
    child.on('error', ({ message }) => written.push(`${command}: ${message}\n`));
    child.on('close', (code) => {
      for (const piece of written) process.stdout.write(piece);
      resolve(code ?? 128);
    });
  });
}

/** The packages of the lock file, installed into the project's folder where they are not yet. */
export function installPackages() {
  const lock = `${ROOT}package-lock.json`;
  const installed = `${ROOT}node_modules/.package-lock.json`;
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs) return;
  const code = run('npm', ['ci', '--no-audit', '--no-fund']);
  if (code !== 0) process.exit(code);
}
