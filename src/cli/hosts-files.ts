import { readFileSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { inventoryError, usageError } from '../core/errors.js';
import { show } from '../core/show.js';
import { HOSTFILE_FORMATS, type HostfileFormat, parseHostfile } from '../inventory/hostfile.js';
import type { Expand, Inventory } from '../inventory/inventory.js';
import { parseInventoryJson } from '../inventory/json-inventory.js';
import { nodeReader, sshHomes } from '../ssh/config-reader.js';
import { statsOf } from '../ssh/named-file.js';

// An inventory script asks a cloud's API as a rule; one that hangs must not hang us.
const SCRIPT_TIMEOUT_MS = 120_000;
const SCRIPT_OUTPUT = 256 * 1024 * 1024;

/** @throws PsshError ERR_USAGE */
export function checkedFormat(format: string | undefined): HostfileFormat | undefined {
  if (format === undefined) return undefined;
  const known = HOSTFILE_FORMATS.find((name) => name === format);
  if (known !== undefined) return known;
  throw usageError(`--hostfile-format: ${show(format)} is none; one of: ${HOSTFILE_FORMATS.join(', ')}`);
}

/** All of our input, however long its writer takes. */
export async function readInput(input: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of input) chunks.push(Buffer.from(chunk as Uint8Array));
  return Buffer.concat(chunks).toString('utf8');
}

/** The text of a hosts file. @throws PsshError ERR_INVENTORY that names the file */
function readHostsText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const reasons: Readonly<Record<string, string>> = {
      ENOENT: 'there is no such file',
      EISDIR: 'it is a folder',
    };
    const reason = reasons[code ?? ''] ?? `it can't be read (${code})`;
    throw inventoryError(`hosts file ${show(path)}: ${reason}; name a file of hosts`, cause);
  }
}

/** What can't even be asked for (a name that is too long, a folder that is closed) is none. */
export function isRegularFile(path: string): boolean {
  return statsOf(path)?.isFile() === true;
}

/**
 * Reads a hosts file of any format.
 * @param known its text, where it is not the file's to tell (`-` is stdin)
 * @throws PsshError ERR_INVENTORY with file and line
 */
export function readHostsFile(
  path: string,
  known: string | null,
  format: HostfileFormat | undefined,
  expand: Expand,
  knownGroups: ReadonlySet<string>,
): Inventory {
  const sshConfig = { reader: nodeReader, tildeHome: sshHomes().tildeHome };
  return parseHostfile(path, known ?? readHostsText(path), format, { expand, knownGroups, sshConfig });
}

/** Runs an inventory script as Ansible does, `SCRIPT --list`. @throws PsshError ERR_INVENTORY */
export async function runInventoryScript(path: string): Promise<Inventory> {
  if (!isRegularFile(path)) {
    throw usageError(
      `--inventory-script: no file ${show(path)}; name a program that prints an inventory as JSON`,
    );
  }
  // A bare name would be looked for on PATH, not here.
  const program = path.includes('/') ? path : `./${path}`;
  try {
    const [{ execFile }, { promisify }] = await Promise.all([
      import('node:child_process'),
      import('node:util'),
    ]);
    const run = promisify(execFile);
    const options = { timeout: SCRIPT_TIMEOUT_MS, maxBuffer: SCRIPT_OUTPUT, encoding: 'utf8' } as const;
    const { stdout } = await run(program, ['--list'], options);
    return parseInventoryJson(path, stdout);
  } catch (cause) {
    if (cause instanceof Error && cause.name === 'PsshError') throw cause;
    const { code, killed, stderr } = cause as { code?: string | number; killed?: boolean; stderr?: string };
    const said = stderr?.trim().split('\n').at(-1) ?? '';
    const reason =
      killed === true ? `it did not end within ${SCRIPT_TIMEOUT_MS / 1000}s` : `it failed (${code})`;
    throw inventoryError(
      `inventory script ${show(path)}: ${reason}${said === '' ? '' : `: ${show(said)}`}; try ${program} --list`,
      cause,
    );
  }
}
