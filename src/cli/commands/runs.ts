import { type Command, Option } from 'commander';
import { formatDuration } from '../../core/duration.js';
import { EXIT } from '../../core/exit-code.js';
import { foldNames } from '../../core/fold.js';
import type { RecordedHost, RunRecord } from '../../core/record.js';
import { type CommandContext, commandRequired } from '../command-context.js';
import type { Io } from '../io.js';

// Loaded when it is needed: every start reads this file, few need the records.
const loadStore = () => import('../record-store.js');

/** `runs list`, `runs show`. */
export function addRunsCommand(program: Command, { io, done }: CommandContext): Command[] {
  const runs = program
    .command('runs')
    .description('Earlier runs of exec, as their records tell.')
    .usage('list|show [ID|last]');
  const list = runs
    .command('list')
    .description('The runs that are recorded, the newest first.')
    .addOption(new Option('--json', 'as JSON'))
    .action(async () => {
      const { recordFolder } = await loadStore();
      const records = await readAll(recordFolder(io.env), io);
      if (list.opts().json === true) {
        const heads = records.map(({ hosts, ...head }) => ({ ...head, counts: countsOf(hosts) }));
        io.stdout.write(`${JSON.stringify({ schema: 'pssh-ts/runs@1', runs: heads })}\n`);
      } else if (records.length === 0) io.stderr.write('pssh-ts: no run is recorded\n');
      else for (const line of table(records)) io.stdout.write(`${line}\n`);
      done(EXIT.ok);
    });
  const show = runs
    .command('show')
    .description('What was run, where, and how it ended.')
    .argument('[run]', 'an id, the beginning of one, or last', 'last')
    .addOption(new Option('--json', 'the record itself'))
    .action(async (word: string) => {
      const { findRecord, readRecord, recordFolder } = await loadStore();
      const folder = recordFolder(io.env);
      const record = readRecord(folder, findRecord(folder, word));
      if (show.opts().json === true) io.stdout.write(`${JSON.stringify(record)}\n`);
      else for (const line of details(record)) io.stdout.write(`${line}\n`);
      done(EXIT.ok);
    });
  commandRequired(runs);
  return [runs, list, show];
}

/** One that another run has just taken away is passed over, a broken one told of. */
async function readAll(folder: string, io: Io): Promise<readonly RunRecord[]> {
  const { readRecord, recordIds } = await loadStore();
  return recordIds(folder).flatMap((id) => {
    try {
      return readRecord(folder, id);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      const reason = error instanceof Error ? error.message : String(error);
      io.stderr.write(`pssh-ts: record ${id} can't be read: ${onOneLine(reason)}\n`);
      return [];
    }
  });
}

function countsOf(hosts: readonly RecordedHost[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = { total: hosts.length };
  for (const { status } of hosts) counts[status ?? 'unfinished'] = (counts[status ?? 'unfinished'] ?? 0) + 1;
  return counts;
}

function table(records: readonly RunRecord[]): readonly string[] {
  const rows = [
    ['ID', 'EXIT', 'HOSTS', 'TOOK', 'COMMAND'],
    ...records.map((record) => {
      const { total = 0, ok = 0 } = countsOf(record.hosts);
      return [
        record.id,
        String(record.exitCode),
        ok === total ? String(total) : `${ok}/${total} ok`,
        formatDuration(record.durationMs),
        onOneLine(record.commands.join('; ')).slice(0, 80),
      ];
    }),
  ];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

function* details(record: RunRecord): Generator<string> {
  yield `run       ${record.id}`;
  yield `started   ${record.startedAt}, took ${formatDuration(record.durationMs)}`;
  yield `exit code ${record.exitCode}`;
  for (const command of record.commands) yield `command   ${onOneLine(command)}`;
  yield `folder    ${onOneLine(record.cwd)}`;
  if (record.env.length > 0) yield `variables ${record.env.join(' ')}`;
  const options = Object.entries(record.options).map(
    ([name, value]) => `${name}=${[value].flat().join(',')}`,
  );
  if (options.length > 0) yield `options   ${onOneLine(options.join(' '))}`;
  for (const [reason, labels] of grouped(record.hosts))
    yield `${onOneLine(reason)} (${labels.length}): ${foldNames(labels)}`;
}

/** Hosts that ended alike, the ok ones first. */
function grouped(hosts: readonly RecordedHost[]): readonly (readonly [string, readonly string[]])[] {
  const groups = new Map<string, string[]>();
  for (const host of hosts) {
    const reason = reasonOf(host);
    const labels = groups.get(reason);
    if (labels === undefined) groups.set(reason, [host.label]);
    else labels.push(host.label);
  }
  return [...groups].sort(([a], [b]) => Number(b === 'ok') - Number(a === 'ok'));
}

function reasonOf({ status, results }: RecordedHost): string {
  if (status === null) return 'not ended when pssh-ts left';
  const result = results.find((one) => one.status === status);
  if (status === 'failed' && result?.exitCode !== null && result !== undefined)
    return `exit status ${result.exitCode}`;
  return result?.error == null ? status : `${status}: ${result.error.message}`;
}

/** For a line of a terminal: what a host or a user once wrote moves nothing on it. */
function onOneLine(text: string): string {
  return text.replace(/\s+/g, ' ').replace(/[\u0000-\u001f\u007f-\u009f]/g, '?');
}
