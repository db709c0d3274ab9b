import { parsePort, userNameFault } from '../core/host-name.js';
import { parseJump } from '../core/jump.js';
import { show } from '../core/show.js';
import type { HostSshOptions } from '../core/target.js';
import { shellWords } from './shell-words.js';

/** What a string of ssh arguments says. */
export interface SshArgs extends HostSshOptions {
  /** `ssh -l`. */
  readonly user?: string;
  /** `ssh -p`. */
  readonly port?: number;
}

/** Why ssh arguments are refused, and what mends it. */
export interface SshArgsFault {
  readonly fault: string;
  readonly mend: string;
}

// Flags without an argument, by the option that says the same.
const FLAGS: Readonly<Record<string, string>> = {
  A: 'ForwardAgent=yes',
  a: 'ForwardAgent=no',
  C: 'Compression=yes',
  x: 'ForwardX11=no',
  '4': 'AddressFamily=inet',
  '6': 'AddressFamily=inet6',
};
const MEND = 'write -o Key=value, -i FILE, -J HOST, -F FILE, -p PORT or -l USER';

/**
 * Reads ssh arguments as an inventory writes them (ansible_ssh_common_args), split as Ansible splits them.
 * Only what says how to connect is taken; a ProxyCommand is: it is as much the inventory author's as the
 * host names are, and Ansible runs it too.
 */
export function parseSshArgs(text: string): SshArgs | SshArgsFault {
  const words = shellWords(text);
  if (typeof words === 'string') return { fault: `in ${show(text)} ${words}`, mend: 'close the quote' };
  const found = new Collector();
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? '';
    if (!/^-[^-]/.test(word)) return { fault: `${show(word)} is no ssh option`, mend: MEND };
    // As getopt does: several flags in one word, and an argument in the same word or the next.
    for (let letter = 1; letter < word.length; letter++) {
      const name = word.charAt(letter);
      const flag = FLAGS[name];
      if (flag !== undefined) {
        found.options.push(flag);
        continue;
      }
      const argument = letter + 1 < word.length ? word.slice(letter + 1) : words[++i];
      const fault = argument === undefined ? null : found.take(name, argument);
      if (argument === undefined) return { fault: `nothing follows ${show(`-${name}`)}`, mend: MEND };
      if (fault !== null) return { fault, mend: MEND };
      break;
    }
  }
  return found.result();
}

class Collector {
  readonly identities: string[] = [];
  readonly options: string[] = [];
  jump: string | undefined;
  configFile: string | undefined;
  user: string | undefined;
  port: number | undefined;

  /** Takes `-name argument`; gives what is wrong with it. As in ssh the first of a kind counts. */
  take(name: string, argument: string): string | null {
    switch (name) {
      case 'o': {
        const option = normalized(argument);
        if (option === null) return `${show(argument)} is no ssh option of the form Key=value`;
        this.options.push(option);
        return null;
      }
      case 'i':
        this.identities.push(argument);
        return argument === '' ? 'the file name behind -i is empty' : null;
      case 'J':
        this.jump ??= argument;
        return 'fault' in parseJump(argument) ? `${show(argument)} is no jump host` : null;
      case 'F':
        this.configFile ??= argument;
        return argument === '' ? 'the file name behind -F is empty' : null;
      case 'l':
        this.user ??= argument;
        return userNameFault(argument);
      case 'p': {
        const port = parsePort(argument);
        this.port ??= port ?? undefined;
        return port === null ? `${show(argument)} is no port` : null;
      }
      default:
        return `the ssh option ${show(`-${name}`)} is not taken from an inventory`;
    }
  }

  result(): SshArgs {
    const { identities, options, jump, configFile, user, port } = this;
    return {
      identities,
      options,
      ...(jump !== undefined && { jump }),
      ...(configFile !== undefined && { configFile }),
      ...(user !== undefined && { user }),
      ...(port !== undefined && { port }),
    };
  }
}

// `Key=value`, `Key = value` and `Key value` are one option.
function normalized(text: string): string | null {
  const match = /^\s*([A-Za-z][A-Za-z0-9]*)(?:\s*=\s*|\s+)(\S.*)$/.exec(text);
  if (match === null || /[\0\r\n]/.test(text)) return null;
  return `${match[1]}=${match[2]}`;
}
