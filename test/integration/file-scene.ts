import { chmodSync, existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach } from 'vitest';
import type { FleetOptions } from '../fleet/types.js';
import { makeScene, type Scene } from './scene.js';

const PROGRAMS = '/usr/bin:/bin';

/** A scene in whose folder `remote` stands for the hosts' files. */
export interface FileScene extends Scene {
  remote(...parts: string[]): string;
  local(...parts: string[]): string;
  /** A host whose sessions find these programs before the system's. */
  hostWith(
    name: string,
    scripts: Readonly<Record<string, string>>,
    sshd?: readonly string[],
  ): Promise<string>;
  /** A host that lacks the named programs. */
  hostWithout(name: string, missing: readonly string[]): Promise<string>;
}

/** Makes the scene of a file of tests; `prepare` comes first and says what hosts there are. */
export function fileScene(prepare: () => FleetOptions['hosts'] | Promise<FleetOptions['hosts']>): FileScene {
  const scene = makeScene(prepare);
  const files: Omit<FileScene, keyof Scene> = {
    remote: (...parts) => join(scene.here, 'remote', ...parts),
    local: (...parts) => join(scene.here, ...parts),
    hostWith: async (name, scripts, sshd = []) => {
      const folder = programsOf(name);
      // wx: through a link of the same name it would be the system's program that is written over.
      for (const [program, text] of Object.entries(scripts))
        writeFileSync(join(folder, program), text, { mode: 0o755, flag: 'wx' });
      await scene.fleet.addHost({ name, sshd: [`SetEnv PATH=${folder}:${PROGRAMS}`, ...sshd] });
      return name;
    },
    hostWithout: async (name, missing) => {
      await scene.fleet.addHost({ name, sshd: [`SetEnv PATH=${folderWithout(programsOf(name), missing)}`] });
      return name;
    },
  };
  const programsOf = (name: string): string => {
    const folder = join(scene.fleet.dir, 'programs', name);
    mkdirSync(folder, { recursive: true });
    return folder;
  };
  beforeEach(() => {
    mkdirSync(files.remote());
    // Others log in too.
    for (const folder of [scene.fleet.dir, scene.here]) chmodSync(folder, 0o755);
    chmodSync(files.remote(), 0o777);
  });
  return Object.assign(scene, files);
}

/** Fills a folder with links to all of the system's programs but some: to stand as the whole PATH. */
export function folderWithout(folder: string, missing: readonly string[]): string {
  mkdirSync(folder, { recursive: true });
  for (const from of PROGRAMS.split(':'))
    for (const program of readdirSync(from))
      if (!missing.includes(program) && !existsSync(join(folder, program)))
        symlinkSync(join(from, program), join(folder, program));
  return folder;
}
