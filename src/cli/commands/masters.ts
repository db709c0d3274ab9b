import { type Command, Option } from 'commander';
import { formatDuration } from '../../core/duration.js';
import { EXIT } from '../../core/exit-code.js';
import { targetKey } from '../../core/target.js';
import { evaluateExpression } from '../../inventory/expression.js';
import { closeMasters, listMasters, type MasterInfo } from '../../master/manage.js';
import { openRuntimeDir } from '../../master/runtime-dir.js';
import type { Io } from '../io.js';
import type { CommandContext } from '../program.js';

/** `masters list`, `masters close`. */
export function addMastersCommand(program: Command, { io, done }: CommandContext): Command[] {
  const masters = program
    .command('masters')
    .description('The persistent connections: show or close them.')
    .usage('list|close [HOSTS]');
  const list = masters
    .command('list')
    .description('Show every live connection: host, process, age, and who works with it.')
    .addOption(new Option('--json', 'as JSON'))
    .action(async () => {
      const { path } = await openRuntimeDir();
      const found = await listMasters(path);
      if (list.opts().json === true)
        io.stdout.write(`${JSON.stringify({ schema: 'pssh-ts/masters@1', masters: found })}\n`);
      else printTable(found, io);
      done(EXIT.ok);
    });
  const close = masters
    .command('close')
    .description('End the connections that no process works with: all, or those of the hosts named.')
    .argument('[hosts...]', 'host expressions')
    .action(async (hosts: readonly string[]) => {
      const { path } = await openRuntimeDir();
      const { closed, inUse } = await closeMasters(path, chosenBy(hosts));
      io.stderr.write(`pssh-ts: ${closed.length} closed\n`);
      for (const master of inUse)
        io.stderr.write(`pssh-ts: ${master.label}: in use by process ${master.usedBy}, left open\n`);
      done(EXIT.ok);
    });
  masters.allowExcessArguments().action(() => {
    masters.error('masters: say list or close');
  });
  return [masters, list, close];
}

function chosenBy(hosts: readonly string[]): (master: MasterInfo) => boolean {
  if (hosts.length === 0) return () => true;
  const wanted = hosts.flatMap((text) => evaluateExpression(text, {}, 'masters close'));
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
    master.address ?? '-',
  ]);
  const table = [['HOST', 'PID', 'AGE', 'IN USE BY', 'ADDRESS'], ...rows];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  for (const row of table) {
    io.stdout.write(
      `${row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd()}\n`,
    );
  }
}
