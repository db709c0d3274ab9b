import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Accounts } from './accounts.js';
import { ensureProgram } from './ensure-program.js';

const FOLDER = '/etc/sudoers.d';

export interface SudoRules {
  remove(): void;
}

/**
 * Rules for accounts of a test, in a file of their own, looked at by visudo before they count. Root's alone.
 * @throws where sudo is missing and can't be installed, or a rule is wrong
 */
export function makeSudoRules(
  lines: readonly string[],
  report: (line: string) => void = () => {},
): SudoRules {
  ensureProgram({ name: 'sudo', package: 'sudo' }, report);
  const visudo = ensureProgram({ name: 'visudo', package: 'sudo', folders: ['/usr/sbin'] }, report);
  // sudo passes over names with a dot: it counts under its last name alone.
  const name = `pt-${randomBytes(4).toString('hex')}`;
  const draft = join(FOLDER, `${name}.new`);
  try {
    writeFileSync(draft, `${lines.join('\n')}\n`, { mode: 0o440 });
    const { status, stdout, stderr } = spawnSync(visudo, ['-cf', draft], { encoding: 'utf8' });
    if (status !== 0) throw new Error(`visudo: ${stdout}${stderr}`);
    renameSync(draft, join(FOLDER, name));
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
  return { remove: () => rmSync(join(FOLDER, name), { force: true }) };
}

/** Folders that commands under sudo of these accounts have left on the hosts, which are this machine. */
export function sudoFolders({ list }: Accounts): string[] {
  const owners = list.slice(1).map(({ home }) => statSync(home).uid);
  const found = readdirSync(tmpdir()).filter((file) => file.startsWith('.pssh-ts-sudo.'));
  return found.filter((file) => {
    const { uid = -1 } = statSync(join(tmpdir(), file), { throwIfNoEntry: false }) ?? {};
    return owners.includes(uid);
  });
}

/** A folder that only root can look into, for sudo's own log. */
export function makeLogFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'pt-sudo-'));
  chmodSync(folder, 0o700);
  return folder;
}
