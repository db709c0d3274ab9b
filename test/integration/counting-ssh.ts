import { chmod, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { findProgram } from '../fleet/find-sshd.js';

/** An `ssh` that stands first in PATH and writes down each time it is started, before it is the real one. */
export interface CountingSsh {
  readonly env: NodeJS.ProcessEnv;
  /** The arguments of each ssh that was started so far. */
  started(): Promise<string[]>;
  /** The same since the last look, word by word and in no order. */
  words(): Promise<string[][]>;
}

export async function countingSsh(dir: string, env: NodeJS.ProcessEnv): Promise<CountingSsh> {
  const real = findProgram('ssh');
  if (real === null) throw new Error('no ssh on PATH');
  const folder = join(dir, 'bin');
  const list = join(dir, 'started');
  const words = join(dir, 'words');
  await mkdir(folder);
  await mkdir(words);
  const script = [
    '#!/bin/sh',
    // One write a line: lines of several at once do not mix.
    `printf '%s\\n' "$*" >>${list}`,
    `printf '%s\\0' "$@" >${words}/$$`,
    `exec ${real} "$@"`,
    '',
  ];
  await writeFile(join(folder, 'ssh'), script.join('\n'));
  await chmod(join(folder, 'ssh'), 0o755);
  return {
    env: { ...env, PATH: `${folder}${delimiter}${env.PATH}` },
    started: async () =>
      (await readFile(list, 'utf8').catch(() => '')).split('\n').filter((line) => line !== ''),
    words: async () => {
      const files = (await readdir(words)).map((name) => join(words, name));
      const texts = await Promise.all(files.map((file) => readFile(file, 'utf8')));
      await Promise.all(files.map((file) => rm(file)));
      return texts.map((text) => text.split('\0').slice(0, -1));
    },
  };
}
