import { type Command, Option } from 'commander';
import { formatDuration } from '../../core/duration.js';
import { EXIT } from '../../core/exit-code.js';
import { type TargetSpec, targetKey } from '../../core/target.js';
import type { MasterInfo } from '../../master/manage.js';
import { type CommandContext, commandRequired } from '../command-context.js';
import { resolveConnection } from '../connection-options.js';
import { configFileOf } from '../defaults.js';
import type { Io } from '../io.js';
import { withHostWords } from '../named-hosts.js';
import type { SharedOptions } from '../shared-options.js';
import { resolveTargets } from '../targets.js';
import { addMastersOpenCommand } from './masters-open.js';

// Loaded when it is needed: every start reads this file, few need the masters.
async function loadManage() {
  const [{ closeMasters, listMasters }, { openRuntimeDir }] = await Promise.all([
    import('../../master/manage.js'),
    import('../../master/runtime-dir.js'),
  ]);
  return { closeMasters, listMasters, runtimeFolder: () => openRuntimeDir().path };
}

/** `masters list`, `masters open`, `masters close`. */
export function addMastersCommand(program: Command, { io, done }: CommandContext): Command[] {
  const masters = program
    .command('masters')
    .description('The persistent connections: show, open or close them.')
    .usage('list|open|close [HOSTS]');
  // -H and its kin before the command name hosts too; null: none is named, all are meant.
  const namedHosts = async (words: readonly string[]): Promise<readonly TargetSpec[] | null> => {
    const options = withHostWords<SharedOptions>(masters, words);
    if (options.host.length === 0 && options.all !== true && options.inventoryScript === undefined)
      return null;
    const connection = resolveConnection(options, io.env);
    const config = configFileOf(program, io.env);
    const onNote = (note: string): void => void io.stderr.write(`pssh-ts: ${note}\n`);
    return resolveTargets({ options, connection, config, io, onNote });
  };
  const list = masters
    .command('list')
    .description(
      'Show every live connection: host, process, age, who works with it, and the jump host that it goes through.',
    )
    .argument('[hosts...]', 'host expressions; without any, all')
    .addOption(new Option('--json', 'as JSON'))
    .action(async (hosts: readonly string[]) => {
      const { listMasters, runtimeFolder } = await loadManage();
      const path = await runtimeFolder();
      const chosen = chosenBy(await namedHosts(hosts));
      const found = (await listMasters(path)).filter(chosen);
      if (list.opts().json === true)
        io.stdout.write(`${JSON.stringify({ schema: 'pssh-ts/masters@1', masters: found })}\n`);
      else printTable(found, io);
      done(EXIT.ok);
    });
  const open = addMastersOpenCommand(masters, program, { io, done });
  const close = masters
    .command('close')
    .description('End the connections that no process works with: all, or those of the hosts named.')
    .argument('[hosts...]', 'host expressions')
    .action(async (hosts: readonly string[]) => {
      const { closeMasters, runtimeFolder } = await loadManage();
      const path = await runtimeFolder();
      const { closed, inUse } = await closeMasters(path, chosenBy(await namedHosts(hosts)));
      io.stderr.write(`pssh-ts: ${closed.length} closed\n`);
      for (const master of inUse)
        io.stderr.write(`pssh-ts: ${master.label}: in use by process ${master.usedBy}, left open\n`);
      done(EXIT.ok);
    });
  commandRequired(masters);
  return [masters, list, open, close];
}

function chosenBy(wanted: readonly TargetSpec[] | null): (master: MasterInfo) => boolean {
  if (wanted === null) return () => true;
  const keys = new Set(
    wanted.filter(({ user, port }) => user !== undefined || port !== undefined).map(targetKey),
  );
  const names = new Set(
    wanted.filter(({ user, port }) => user === undefined && port === undefined).map(({ host }) => host),
  );
  return (master) =>
    names.has(master.host) ||
    names.has(master.label) ||
    keys.has(
      targetKey({
        host: master.host,
        ...(master.user === null ? {} : { user: master.user }),
        ...(master.port === null ? {} : { port: master.port }),
      }),
    );
}

function printTable(found: readonly MasterInfo[], io: Io): void {
  if (found.length === 0) {
    io.stderr.write('pssh-ts: no connection is open\n');
    return;
  }
  const rows = found.map((master) => [
    master.label,
    String(master.pid),
    formatDuration(master.ageMs),
    master.usedBy === null ? '-' : `process ${master.usedBy}`,
    master.via ?? '-',
    master.address ?? '-',
  ]);
  const table = [['HOST', 'PID', 'AGE', 'IN USE BY', 'VIA', 'ADDRESS'], ...rows];
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  for (const row of table) {
    io.stdout.write(
      `${row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd()}\n`,
    );
  }
}
