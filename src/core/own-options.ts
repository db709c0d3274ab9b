import { show } from './show.js';

// What pssh-ts itself decides for every ssh it starts: a user's value would be passed over in silence.
const OWN_KEYWORDS: Readonly<Record<string, string>> = {
  controlmaster: 'pssh-ts keeps its own masters',
  controlpath: 'pssh-ts keeps its own masters',
  controlpersist: 'use --persist',
  batchmode: 'pssh-ts never waits for a keyboard',
  remotecommand: 'the command is what follows exec',
  requesttty: 'use --tty',
  sessiontype: 'pssh-ts runs commands',
  forkafterauthentication: 'pssh-ts runs commands',
  stdinnull: 'use -I for input, nothing for none',
  localcommand: 'pssh-ts runs no local commands',
  permitlocalcommand: 'pssh-ts runs no local commands',
  clearallforwardings: 'pssh-ts forwards nothing',
  localforward: 'pssh-ts forwards nothing',
  remoteforward: 'pssh-ts forwards nothing',
  dynamicforward: 'pssh-ts forwards nothing',
  loglevel: 'use -v',
};

/** Why a `Keyword=value` can't be handed to ssh as `-o`, or null when it can. */
export function sshOptionFault(option: string): string | null {
  const keyword = /^\s*([A-Za-z][A-Za-z0-9]*)(?:\s*=|\s+)\s*\S/.exec(option)?.[1];
  if (keyword === undefined) return `${show(option)} is no option; write Keyword=value as in ssh_config`;
  const own = OWN_KEYWORDS[keyword.toLowerCase()];
  return own === undefined ? null : `${keyword} can't be set (${own})`;
}
