import type { SshConfigLine } from './ssh-config.js';
import {
  type ConfigBlock,
  type ConfigReader,
  type ConfigWalkOptions,
  walkSshConfig,
} from './ssh-config-files.js';
import { matchHostPatterns } from './ssh-pattern.js';

/** What an ssh_config says of a host, as far as it can be told without ssh. */
export interface HostClass {
  /** Hosts with the same key get the same values for all keywords but those of `OWN`. */
  readonly key: string;
  readonly hostName: string;
  readonly port: number | null;
  readonly user: string | null;
}

/** Keywords in which hosts of one class may differ: they say where and as whom, not how. */
export const OWN: ReadonlySet<string> = new Set([
  'host',
  'hostname',
  'port',
  'user',
  'hostkeyalias',
  'identityfile',
  'certificatefile',
  'identitiesonly',
  'userknownhostsfile',
  'stricthostkeychecking',
]);

// With these ssh looks at its config a second time, or asks more than the host's name.
const BEYOND_NAMES: ReadonlySet<string> = new Set([
  'match',
  'tag',
  'canonicalizehostname',
  'canonicaldomains',
]);

interface Block {
  readonly place: number;
  readonly conditions: readonly ConfigBlock[];
  readonly lines: SshConfigLine[];
}

/** Sorts hosts into those that an ssh_config treats alike, so that ssh need not be asked for each of them. */
export class HostClasses {
  /** Blocks for one name alone, by that name. */
  private readonly named = new Map<string, Block[]>();
  private readonly general: Block[] = [];
  private readonly blocks: Block[] = [];
  private sure = true;

  constructor(entries: readonly (ConfigWalkOptions & { readonly path: string })[], reader: ConfigReader) {
    for (const { path, ...options } of entries) this.read(path, reader, options);
    for (const block of this.blocks) this.index(block);
  }

  /** Null: only ssh itself can tell. */
  classOf(host: string): HostClass | null {
    // ssh compares names as they are in some places and in lower case in others.
    if (!this.sure || host !== host.toLowerCase()) return null;
    const matching = [...this.general, ...(this.named.get(host) ?? [])]
      .filter(({ conditions }) => conditions.every(({ args }) => matchHostPatterns(host, args)))
      .sort((a, b) => a.place - b.place);
    // What has tokens comes to something else for each host.
    if (matching.some(({ lines }) => lines.some(hasTokens))) return null;
    const first = (keyword: string): string | undefined =>
      matching.flatMap(({ lines }) => lines).find((line) => line.keyword === keyword)?.args[0];
    const hostName = (first('hostname') ?? '%h').replaceAll('%h', host);
    const port = first('port');
    if (hostName.includes('%') || (port !== undefined && !/^\d{1,5}$/.test(port))) return null;
    return {
      key: matching
        .filter(({ lines }) => lines.some(({ keyword }) => !OWN.has(keyword)))
        .map(({ place }) => place)
        .join(),
      hostName,
      port: port === undefined ? null : Number(port),
      user: first('user') ?? null,
    };
  }

  private read(path: string, reader: ConfigReader, options: ConfigWalkOptions): void {
    // Each reading of a file has an `under` of its own.
    const current = new Map<readonly ConfigBlock[], Block>();
    const begin = (under: readonly ConfigBlock[], own: readonly ConfigBlock[]): Block => {
      const block = { place: this.blocks.length, conditions: [...under, ...own], lines: [] };
      this.blocks.push(block);
      current.set(under, block);
      return block;
    };
    walkSshConfig(path, reader, options, {
      line: (_path, line, under) => {
        const { keyword, args, fault } = line;
        if (fault !== undefined || BEYOND_NAMES.has(keyword)) this.sure = false;
        if (keyword === 'host') begin(under, [{ kind: 'host', args }]);
        // What follows an Include comes after what it brought.
        else if (keyword === 'include')
          begin(under, current.get(under)?.conditions.slice(under.length) ?? []);
        else (current.get(under) ?? begin(under, [])).lines.push(line);
      },
    });
  }

  private index(block: Block): void {
    if (block.lines.length === 0) return;
    const names = block.conditions.at(-1)?.args;
    if (names === undefined || names.some((name) => /[*?!]/.test(name))) {
      this.general.push(block);
      return;
    }
    for (const name of new Set(names)) this.named.set(name, [...(this.named.get(name) ?? []), block]);
  }
}

function hasTokens({ keyword, args }: SshConfigLine): boolean {
  return !OWN.has(keyword) && args.some((arg) => /[%$]/.test(arg));
}
