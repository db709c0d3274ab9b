import { readFileSync, statSync } from 'node:fs';
import { PsshError, usageError } from '../core/errors.js';
import type { ConnectionOptions } from '../core/options.js';
import { show } from '../core/show.js';
import { numberTargets, type Target, type TargetSpec } from '../core/target.js';
import { type ExpressionContext, evaluateExpression } from '../inventory/expression.js';
import { parseHostList } from '../inventory/host-list.js';
import { sshConfigAliases } from '../inventory/ssh-config-aliases.js';
import { configEntries } from '../ssh/config-files.js';
import { nodeReader } from '../ssh/config-reader.js';
import type { SharedOptions } from './shared-options.js';

/**
 * The targets that the options name, in the order written.
 * @param onNote told when a bare name was read as a file
 * @throws PsshError ERR_USAGE for no target, ERR_INVENTORY for a bad expression or file
 */
export function resolveTargets(
  options: SharedOptions,
  connection: ConnectionOptions,
  onNote: (note: string) => void,
): Target[] {
  const sources = options.host ?? [];
  if (sources.length === 0) throw usageError('no target; name hosts with -H web1,web2 or --hostfile FILE');
  const aliases = aliasNames(connection);
  const context: ExpressionContext = { names: () => aliases(), file: (path) => readHostsFile(path, context) };
  const specs = sources.flatMap(({ kind, value }) => {
    if (kind === 'hostfile') return readHostsFile(value === '-' ? '/dev/stdin' : value, context);
    if (/^(\.{0,2}|~)\//.test(value)) return readHostsFile(value, context);
    const implied = impliedFile(value, aliases, context);
    if (implied === null) return evaluateExpression(value, context, '-H');
    onNote(`-H ${show(value)} is read as a file of hosts (write ./${value} to say so, or --hostfile)`);
    return implied;
  });
  const targets = numberTargets(specs);
  if (targets.length === 0) throw usageError('no target is left; the expression or file names no host');
  return targets;
}

/** The concrete aliases of the ssh_config in force, read when first asked for. */
function aliasNames(connection: ConnectionOptions): () => ReadonlySet<string> {
  let names: Set<string> | undefined;
  return () => {
    names ??= new Set(
      configEntries(connection).flatMap(({ path, ...walk }) => [
        ...sshConfigAliases(path, nodeReader, walk).hosts.keys(),
      ]),
    );
    return names;
  };
}

/**
 * A bare name that is a file is read as one only when it is no alias and every line of it is a host: a folder
 * full of other people's files must not choose our targets.
 */
function impliedFile(
  value: string,
  aliases: () => ReadonlySet<string>,
  context: ExpressionContext,
): readonly TargetSpec[] | null {
  if (!/^[\w.-]+$/.test(value) || !isRegularFile(value) || aliases().has(value)) return null;
  try {
    const specs = readHostsFile(value, context);
    return specs.length === 0 ? null : specs;
  } catch {
    return null;
  }
}

function isRegularFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

function readHostsFile(path: string, context: ExpressionContext): readonly TargetSpec[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    const reason =
      code === 'ENOENT'
        ? 'there is no such file'
        : code === 'EISDIR'
          ? 'it is a folder'
          : `it can't be read (${code})`;
    throw new PsshError(
      'ERR_INVENTORY',
      `hosts file ${show(path)}: ${reason}; name a file with one host a line`,
      { cause },
    );
  }
  // Without `file`: a hosts file that names files could name itself.
  const { file: _file, ...inside } = context;
  const { hosts } = parseHostList(path, text, (word, where) => evaluateExpression(word, inside, where));
  return [...hosts.values()].map(({ spec }) => spec);
}
