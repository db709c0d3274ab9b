import { inventoryError } from './errors.js';
import { show } from './show.js';
import { type SshConfigLine, scanSshConfig } from './ssh-config.js';

/** How the walk reaches the files; passed in, because core touches none. */
export interface ConfigReader {
  /** The text, or null where there is no such file. */
  readFile(path: string): string | null;
  /** Existing paths that fit an absolute pattern of glob(3), in byte order as glob(3) gives them. */
  glob(pattern: string): readonly string[];
}

export interface ConfigWalkOptions {
  /**
   * What `~` is in an Include, and the home of the `.ssh` that relative Includes are taken from: ssh lets
   * glob(3) find it, so it is $HOME, and the password database's only where $HOME is unset. (ssh looks for
   * its own ~/.ssh/config in the password database's home whatever $HOME says.) Measured with 9.2.
   */
  readonly tildeHome: string;
  /** The entry is the system's file: relative Includes are taken from /etc/ssh, and `~` is refused. */
  readonly system?: boolean;
}

export interface ConfigFile {
  readonly path: string;
  readonly text: string;
}

/** A `Host` or `Match` line and what it asks for. */
export interface ConfigBlock {
  readonly kind: 'host' | 'match';
  readonly args: readonly string[];
}

export interface ConfigVisitor {
  /** A file that this does not match has no line that matters: it is not cut into lines. */
  readonly worthScanning?: RegExp;
  file?(file: ConfigFile): void;
  /** `under`: the blocks that hold the Includes this file was reached by, outermost first. */
  line?(path: string, line: SshConfigLine, under: readonly ConfigBlock[]): void;
}

export interface ConfigFiles {
  /** Every file that exists and is read, each once, in the order of reading. */
  readonly files: readonly ConfigFile[];
  /** A Match asks something whose answer is in no file: `exec`, `localnetwork`. */
  readonly hasMatchExec: boolean;
  /** An Include names a file by `~user`, a `%` token or `${VARIABLE}` (newer ssh): that file is not in `files`. */
  readonly hasUnknownInclude: boolean;
}

// READCONF_MAX_DEPTH of ssh.
const MAX_DEPTH = 16;
// Sixteen levels of files that include each other twice would be 65,536 readings.
const MAX_READINGS = 10_000;

/** The files that decide what ssh does with a config, for hashing their contents. */
export function configFiles(entry: string, reader: ConfigReader, options: ConfigWalkOptions): ConfigFiles {
  const files = new Map<string, ConfigFile>();
  let hasMatchExec = false;
  let hasUnknownInclude = false;
  walkSshConfig(entry, reader, options, {
    worthScanning: /^[ \t\r]*(?:match|include)[ \t\r=]/im,
    file: (file) => void files.set(file.path, file),
    line: (_path, { keyword, args }) => {
      if (keyword === 'match') hasMatchExec ||= args.some((arg) => /^!?(exec|localnetwork)(=|$)/i.test(arg));
      if (keyword === 'include') hasUnknownInclude ||= args.some((arg) => /^~[^/]|%|\$\{/.test(arg));
    },
  });
  return { files: [...files.values()], hasMatchExec, hasUnknownInclude };
}

/**
 * Reads a config as ssh does, Includes followed where they stand.
 * @throws PsshError ERR_INVENTORY for Includes nested deeper than ssh allows
 */
export function walkSshConfig(
  entry: string,
  reader: ConfigReader,
  options: ConfigWalkOptions,
  visitor: ConfigVisitor,
): void {
  let readings = 0;
  const read = (path: string, depth: number, under: readonly ConfigBlock[]): void => {
    if (depth > MAX_DEPTH || ++readings > MAX_READINGS) {
      throw inventoryError(
        `${show(path)}: too many nested Include lines; look for a file that includes itself (ssh allows ${MAX_DEPTH} levels)`,
      );
    }
    const text = reader.readFile(path);
    if (text === null) return;
    visitor.file?.({ path, text });
    if (visitor.worthScanning?.test(text) === false) return;
    let block: readonly ConfigBlock[] = [];
    for (const line of scanSshConfig(text)) {
      visitor.line?.(path, line, under);
      const { keyword, args } = line;
      if (keyword === 'host' || keyword === 'match') {
        block = [{ kind: keyword, args }];
      } else if (keyword === 'include') {
        // An Include below a Host line counts for the hosts of that block only, its own Host lines too.
        for (const file of included(args, reader, options)) read(file, depth + 1, [...under, ...block]);
      }
    }
  };
  read(entry, 0, []);
}

function included(args: readonly string[], reader: ConfigReader, options: ConfigWalkOptions): string[] {
  return args.flatMap((arg) => {
    const pattern = anchored(arg, options);
    return pattern === null ? [] : [...reader.glob(pattern)];
  });
}

function anchored(arg: string, { tildeHome, system = false }: ConfigWalkOptions): string | null {
  if (arg === '') return null;
  if (arg.startsWith('/')) return arg;
  if (!arg.startsWith('~')) return system ? `/etc/ssh/${arg}` : `${escapeGlob(tildeHome)}/.ssh/${arg}`;
  if (system || !arg.startsWith('~/')) return null;
  return `${escapeGlob(tildeHome)}${arg.slice(1)}`;
}

function escapeGlob(text: string): string {
  return text.replace(/[\\*?[\]]/g, '\\$&');
}
