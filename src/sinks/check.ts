import { CHECK_STATUSES, type Check, type CheckResult, hasWarnings } from '../core/check.js';
import { foldNames } from '../core/fold.js';
import { formatSize } from './block.js';
import { withoutNames } from './failures.js';
import { safeInLine } from './terminal-safe.js';

const isBad = ({ outcome }: Check): boolean => outcome === 'failed' || outcome === 'warning';

/** A row for the hosts that are alike, what is wrong with them below it, each with the command that mends it. */
export function* checkRows(results: readonly CheckResult[], quiet: boolean): Generator<string> {
  for (const group of groupsOf(results)) {
    const [first] = group;
    if (first === undefined || (quiet && first.status === 'ok')) continue;
    const names = safeInLine(foldNames(group.map(({ target }) => target.label)));
    const count = group.length > 1 ? ` (${group.length})` : '';
    const bad = first.checks.filter(isBad);
    if (bad.length === 0) {
      yield `${names}${count}: ${first.status}${first.status === 'ok' ? `; ${shared(group)}` : ''}\n`;
      continue;
    }
    const warned = first.status === 'ok' ? 'ok, with a warning' : first.status;
    yield `${names}${count}: ${warned}\n`;
    for (const check of bad) yield* problem(check, group);
  }
}

function* problem({ name, outcome, detail, mend }: Check, group: readonly CheckResult[]): Generator<string> {
  const details = new Set(group.map(({ checks }) => checks.find((check) => check.name === name)?.detail));
  const alike = details.size > 1 ? ', and alike' : '';
  const kind = outcome === 'warning' ? 'warning: ' : '';
  yield `  ${name}: ${kind}${safeInLine(detail)}${alike}\n`;
  if (mend === null) return;
  yield `    mend: ${safeInLine(mend)}\n`;
  const others = group.length - 1;
  if (others > 0 && mend !== mendOf(group.at(-1), name))
    yield `    and so for ${others === 1 ? 'the other host' : `each of the other ${others} hosts`}; --json has every command\n`;
}

const mendOf = (result: CheckResult | undefined, name: Check['name']): string | null =>
  result?.checks.find((check) => check.name === name)?.mend ?? null;

/** Hosts with the same things wrong with them, in the order of the first of each. */
function groupsOf(results: readonly CheckResult[]): CheckResult[][] {
  const groups = new Map<string, CheckResult[]>();
  for (const result of results) {
    const wrong = result.checks.filter(isBad).map(({ name, outcome, detail }) => {
      const plain = withoutNames(detail, result.target);
      // A clock some milliseconds more off, a disk some bytes less full are the same.
      const words = name === 'clock' || name === 'temp' ? plain.replace(/\d+(\.\d+)?/g, '#') : plain;
      return [name, outcome, words];
    });
    const key = JSON.stringify([result.status, wrong]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [result]);
    else group.push(result);
  }
  return [...groups.values()];
}

/** What holds for all hosts of a group that is well; of numbers the worst. */
function shared(group: readonly CheckResult[]): string {
  const facts = (name: Check['name'], key: string): Check['facts'][string][] =>
    group.flatMap(({ checks }) => checks.find((check) => check.name === name)?.facts[key] ?? []);
  const numbers = (name: Check['name'], key: string): number[] =>
    facts(name, key).filter((value) => typeof value === 'number');
  const few = (values: readonly unknown[], what: string): string[] => {
    const known = [...new Set(values)].map(String);
    if (known.length === 0) return [];
    return [known.length > 2 ? `${known.length} ${what}` : known.join(' or ')];
  };
  const sessions = numbers('sessions', 'granted');
  const skews = numbers('clock', 'skewMs').map(Math.abs);
  const free = numbers('temp', 'freeBytes');
  const keys = facts('auth', 'key');
  return [
    ...few(keys.length === 0 ? facts('auth', 'method') : keys, 'keys'),
    ...few(facts('transport', 'kind'), 'transports'),
    ...(sessions.length === 0 ? [] : [`${Math.min(...sessions)} sessions or more`]),
    ...(skews.length === 0 ? [] : [`clock within ${Math.max(...skews)} ms`]),
    ...(free.length === 0 ? [] : [`${formatSize(Math.min(...free))} of temp free`]),
  ]
    .map(safeInLine)
    .join(', ');
}

/** `12 hosts: 9 ok (1 with a warning), 2 unreachable, 1 failed` */
export function checkSummary(results: readonly CheckResult[]): string {
  const parts = CHECK_STATUSES.flatMap((status) => {
    const those = results.filter((result) => result.status === status);
    if (those.length === 0) return [];
    const warned = status === 'ok' ? those.filter(hasWarnings).length : 0;
    return [`${those.length} ${status}${warned > 0 ? ` (${warned} with a warning)` : ''}`];
  });
  return `${results.length} host${results.length === 1 ? '' : 's'} checked: ${parts.join(', ')}`;
}
