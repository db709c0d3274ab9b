import type { Argument, Command, Option } from 'commander';
import { choicesOf, placeholderOf } from '../choices.js';
import type { Cursor } from './cursor.js';
import { hostPart } from './host-part.js';
import type { KnownNames } from './known-names.js';

export interface Candidate {
  /** Of the word: what stands in place of all from `start` on. */
  readonly text: string;
  /** Empty: there is nothing to say. */
  readonly about: string;
}

/** What the shell is to offer. */
export interface Offer {
  /** list: more may follow in the same word; files and folders: the shell's own to find, from `start` on. */
  readonly kind: 'words' | 'list' | 'files' | 'folders';
  readonly start: number;
  readonly candidates: readonly Candidate[];
}

export interface Sources {
  readonly names: () => Promise<KnownNames>;
  readonly runs: () => Promise<readonly string[]>;
}

const nothing: Offer = { kind: 'words', start: 0, candidates: [] };

/** @param word the word that is typed, up to the cursor */
export async function offerAt({ slot, start }: Cursor, word: string, sources: Sources): Promise<Offer> {
  const offer = await offerFor(slot, word.slice(start), sources);
  const typed = word.slice(start + offer.start);
  return {
    ...offer,
    start: start + offer.start,
    candidates: offer.candidates.filter(({ text }) => text.startsWith(typed)),
  };
}

async function offerFor(slot: Cursor['slot'], value: string, sources: Sources): Promise<Offer> {
  switch (slot.kind) {
    case 'command':
      return { ...nothing, candidates: slot.command.commands.map(aboutCommand) };
    case 'option':
      return {
        ...nothing,
        candidates: slot.command.options.filter(({ hidden }) => !hidden).flatMap(aboutOption),
      };
    case 'value':
      return offerValue(slot.option, value, sources);
    case 'argument':
      return offerValue(slot.argument, value, sources);
    case 'none':
      return nothing;
  }
}

function aboutCommand(command: Command): Candidate {
  return { text: command.name(), about: firstSentence(command.description()) };
}

function aboutOption({ short, long, description }: Option): Candidate[] {
  return [short, long].flatMap((text) => (text === undefined ? [] : { text, about: description }));
}

const firstSentence = (text: string): string => text.replace(/[:;.].*$/s, '');

// What a value is, is told by its name in the help.
async function offerValue(taker: Option | Argument, value: string, sources: Sources): Promise<Offer> {
  const choices = choicesOf(taker);
  if (choices.length > 0) return { ...nothing, candidates: choices.map((text) => ({ text, about: '' })) };
  switch (placeholderOf(taker)) {
    case 'hosts':
    case 'expressions':
      return offerHosts(value, sources);
    case 'group':
      return offerGroup(value, sources);
    case 'run':
      return {
        ...nothing,
        candidates: ['last', ...(await sources.runs())].map((text) => ({ text, about: '' })),
      };
    case 'file':
    case 'paths':
    case 'src':
    case 'dest':
      return { ...nothing, kind: 'files' };
    case 'folder':
      return { ...nothing, kind: 'folders' };
    default:
      return nothing;
  }
}

async function offerHosts(value: string, sources: Sources): Promise<Offer> {
  const { kind, start, others } = hostPart(value);
  if (kind === 'none') return nothing;
  if (kind === 'file') return { kind: 'files', start, candidates: [] };
  const { hosts, groups } = await sources.names();
  const marked = groups.map((name) => ({ text: `@${name}`, about: 'group' }));
  const names = kind === 'group' ? [] : hosts.map((text) => ({ text, about: 'host' }));
  // Behind `user@` an @ would not begin a group.
  const all = value.slice(0, start).endsWith('@') ? names : [...names, ...marked];
  return { kind: 'list', start, candidates: all.filter(({ text }) => !others.has(text)) };
}

/** The value of -g is what stands behind an @. */
async function offerGroup(value: string, sources: Sources): Promise<Offer> {
  if (/[\s,!&^]/.test(value)) return offerHosts(value, sources);
  const { groups } = await sources.names();
  const mark = value.startsWith('@') ? '@' : '';
  return {
    kind: 'list',
    start: 0,
    candidates: groups.map((name) => ({ text: `${mark}${name}`, about: 'group' })),
  };
}
