import path from 'node:path';
import { usageError } from '../core/errors.js';
import { show } from '../core/show.js';
import { checkFile, statsOf } from './named-file.js';

export interface HostKeys {
  /** Instead of the user's known_hosts files, `UserKnownHostsFile`. @default as ssh_config says */
  readonly knownHosts?: string | undefined;
  /** Keys of hosts that are not known yet are taken and kept, `StrictHostKeyChecking=accept-new`. @default false */
  readonly acceptNew?: boolean | undefined;
}

/**
 * What ssh is told about host keys, as values of `-o`. Nothing weaker than accept-new can be asked for this way.
 * @param name the option as its user knows it
 * @throws PsshError ERR_USAGE
 */
export function hostKeyOptions({ knownHosts, acceptNew = false }: HostKeys, name: string): readonly string[] {
  return [
    ...(knownHosts === undefined ? [] : [`UserKnownHostsFile=${checkedFile(knownHosts, acceptNew, name)}`]),
    ...(acceptNew ? ['StrictHostKeyChecking=accept-new'] : []),
  ];
}

function checkedFile(file: string, acceptNew: boolean, name: string): string {
  const stats = statsOf(file);
  // ssh makes it when it has a key to keep.
  const willBeMade = acceptNew && stats === undefined && statsOf(path.dirname(file)) !== undefined;
  if (!willBeMade) checkFile(name, file, 'a known_hosts file');
  // /dev/null would forget every key, so that each is new each time; of a pipe only the first ssh would see anything.
  if (stats !== undefined && !stats.isFile())
    throw usageError(`${name}: ${show(file)} is no regular file; name a known_hosts file`);
  const whole = path.resolve(file);
  // ssh has no way to write these in the name of a file.
  if (/["\\]|\$\{|\p{Cc}/u.test(whole))
    throw usageError(
      `${name}: ${show(file)}: ssh can't be given a name with ", \\, \${ or a control character`,
    );
  return `"${whole.replaceAll('%', '%%')}"`;
}
