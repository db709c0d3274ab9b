import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import type { ConfigReader } from '../core/ssh-config-files.js';

/** Reads the real files; the one file of this layer that does. */
export const nodeReader: ConfigReader = { readFile, glob };

/** Where ssh looks: its own files by the password database, `~` in an Include by $HOME where that is set. */
export function sshHomes(): { readonly config: string; readonly tildeHome: string } {
  const { homedir } = userInfo();
  return { config: `${homedir}/.ssh/config`, tildeHome: process.env.HOME || homedir };
}

function readFile(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    // ENOTDIR and EISDIR: a path through a file, or a folder that a glob found. ssh passes both over.
    if (['ENOENT', 'ENOTDIR', 'EISDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return null;
    throw error;
  }
}

// glob(3) as ssh calls it: no braces, a leading dot is matched only by a dot, byte order. fs.globSync is
// not there in Node 20.
function glob(pattern: string): string[] {
  let paths = [''];
  for (const part of pattern.split('/').slice(1)) {
    const matcher = /[*?[]/.test(part.replace(/\\./g, '')) ? globPart(part) : null;
    const literal = part.replace(/\\(.)/g, '$1');
    paths = paths.flatMap((folder) => {
      if (matcher === null) return [`${folder}/${literal}`];
      const names = list(`${folder}/`).filter((name) => matcher.test(name));
      return names
        .filter((name) => part.startsWith('.') || !name.startsWith('.'))
        .map((name) => `${folder}/${name}`);
    });
  }
  return paths.filter((path) => existsSync(path));
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  } catch {
    return [];
  }
}

function globPart(part: string): RegExp {
  const token = /\\(.)|(\*+)|(\?)|\[(!?)(\]?[^\]]*)\]|(.)/gsu;
  let source = '';
  for (const [, escaped, stars, one, not, set, plain] of part.matchAll(token)) {
    if (stars !== undefined) source += '.*';
    else if (one !== undefined) source += '.';
    else if (set !== undefined) source += `[${not === '!' ? '^' : ''}${set.replace(/[\\\]^[]/g, '\\$&')}]`;
    else source += (escaped ?? plain ?? '').replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
  }
  return new RegExp(`^${source}$`, 'su');
}
