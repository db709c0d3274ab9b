import { Option } from 'commander';
import { usageError } from '../core/errors.js';
import { nearest } from '../core/nearest.js';
import { show } from '../core/show.js';
import { withChoices } from './choices.js';

/** As commander gives them; absent: not said. */
export interface ViewOptions {
  readonly gather?: boolean;
  readonly diff?: boolean;
  readonly inline?: boolean;
  readonly prefix?: boolean;
  readonly json?: boolean;
  readonly ndjson?: boolean;
  readonly format?: string;
  readonly progress?: boolean;
  readonly maxOutput?: string;
}

const NAMES = [
  'prefix',
  'plain',
  'gather',
  'diff',
  'inline',
  'json',
  'ndjson',
  'github',
  'gitlab',
  'quiet',
] as const;

export type ViewName = (typeof NAMES)[number];

/** The long names of the options that choose a view; said on the command line they put a default view aside. */
export const VIEW_OPTIONS: readonly string[] = [
  'format',
  'no-prefix',
  'gather',
  'diff',
  'inline',
  'json',
  'ndjson',
];

export function viewOptions(): readonly Option[] {
  return [
    new Option('-N, --no-prefix', 'output as it is, without host names').default(undefined),
    new Option('-b, --gather', 'identical outputs once, under the names of their hosts'),
    new Option('--diff', 'the most common output, then what is different on the other hosts'),
    new Option('--inline', 'the output of each host in one piece, when it is done'),
    new Option('--json', 'one JSON document at the end'),
    new Option('--ndjson', 'one JSON event a line, as it happens'),
    withChoices(new Option('--format <name>', `a view by its name: ${NAMES.join(', ')}`), NAMES),
    new Option('--progress', 'where stderr is no terminal: a line about the progress from time to time'),
    new Option('--no-progress', 'no progress line on a terminal'),
    new Option(
      '--max-output <size>',
      'kept of each stream of a host by --gather, --diff, --inline and --json (default 64MiB)',
    ),
  ];
}

/**
 * The one view that the options ask for.
 * @throws PsshError ERR_USAGE where they ask for two, or for one that does not exist
 */
export function chosenView(options: ViewOptions & { readonly quiet?: boolean }): ViewName {
  const asked: (readonly [flag: string, view: ViewName])[] = [];
  if (options.prefix === false) asked.push(['-N', 'plain']);
  if (options.gather === true) asked.push(['--gather', 'gather']);
  if (options.diff === true) asked.push(['--diff', 'diff']);
  if (options.inline === true) asked.push(['--inline', 'inline']);
  if (options.json === true) asked.push(['--json', 'json']);
  if (options.ndjson === true) asked.push(['--ndjson', 'ndjson']);
  if (options.format !== undefined) asked.push([`--format ${options.format}`, viewNamed(options.format)]);
  const [first] = asked;
  // -q beside a view means the summary: a document is still wanted.
  if (first === undefined) return options.quiet === true ? 'quiet' : 'prefix';
  const other = asked.find(([, view]) => view !== first[1]);
  if (other !== undefined)
    throw usageError(`${first[0]} and ${other[0]} are two views of one output; leave one out`);
  return first[1];
}

function viewNamed(name: string): ViewName {
  const found = NAMES.find((known) => known === name);
  if (found !== undefined) return found;
  const near = nearest(name, NAMES)[0];
  const mend = near === undefined ? `write one of ${NAMES.join(', ')}` : `did you mean ${near}?`;
  throw usageError(`--format: there is no view ${show(name)}; ${mend}`);
}

const SIZE_UNITS: Readonly<Record<string, number>> = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 };

/** @throws PsshError ERR_USAGE for what is no size */
export function parseSize(text: string, what: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([kmg]?)(?:i?b)?$/i.exec(text.trim());
  const bytes =
    match === null ? Number.NaN : Number(match[1]) * (SIZE_UNITS[(match[2] ?? '').toLowerCase()] ?? 1);
  if (Number.isFinite(bytes)) return Math.round(bytes);
  throw usageError(`${what}: ${show(text)} is no size; write bytes or 64KiB, 64MiB, 1GiB`);
}
