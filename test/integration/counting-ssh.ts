import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { findProgram } from '../fleet/find-sshd.js';

/** An `ssh` that stands first in PATH and writes down each time it is started, before it is the real one. */
export interface CountingSsh {
  readonly env: NodeJS.ProcessEnv;
  /** The arguments of each ssh that was started so far. */
  started(): Promise<string[]>;
}

export async function countingSsh(dir: string, env: NodeJS.ProcessEnv): Promise<CountingSsh> {
  const real = findProgram('ssh');
  if (real === null) throw new Error('no ssh on PATH');
  const folder = join(dir, 'bin');
  const list = join(dir, 'started');
  await mkdir(folder);
  // One write a line: lines of several at once do not mix.
  await writeFile(join(folder, 'ssh'), `#!/bin/sh\nprintf '%s\\n' "$*" >>${list}\nexec ${real} "$@"\n`);
  await chmod(join(folder, 'ssh'), 0o755);
  return {
    env: { ...env, PATH: `${folder}${delimiter}${env.PATH}` },
    started: async () =>
      (await readFile(list, 'utf8').catch(() => '')).split('\n').filter((line) => line !== ''),
  };
}
