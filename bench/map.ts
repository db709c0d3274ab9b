// Many short tasks on warm hosts: ours against GNU parallel over its --sshlogin with warm ControlMasters, and xargs -P
// over ssh -S, in one run. All tools have the same hosts and as many tasks at once.
// Needs Debian's packages parallel and time; sshd as the tests do.
//     npm run build && node --import tsx bench/map.ts [tasks] [hosts] [slots]
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BIN, benchFleet, measure } from './peers.js';

const TASKS = Number(process.argv[2] ?? 10_000);
const HOSTS = Number(process.argv[3] ?? 20);
const SLOTS = Number(process.argv[4] ?? 2);
// The others are measured on fewer: what counts is their rate.
const PARALLEL_TASKS = Math.min(TASKS, 400);
const XARGS_TASKS = Math.min(TASKS, 2_000);

const bench = await benchFleet(HOSTS, Math.min(HOSTS, 4));
const { fleet, list, ssh } = bench;
const names = Array.from({ length: HOSTS }, (_, place) => `h${place + 1}`);
const ours = `TIME ${process.execPath} ${BIN} -F ${fleet.configPath} -f 32 -t 60 -H '${list}'`;

/** Lines 1 to count. */
function listOf(count: number): string {
  const file = join(fleet.dir, `list-${count}`);
  writeFileSync(file, `${Array.from({ length: count }, (_, place) => place + 1).join('\n')}\n`);
  return file;
}

function rate(name: string, count: number, command: string): number {
  const { wall, cpu, peakMb } = measure(bench, command);
  const perSecond = count / wall;
  console.log(
    `${name.padEnd(14)} ${count} tasks in ${wall.toFixed(1)} s: ${perSecond.toFixed(0)} a second, cpu ${cpu.toFixed(1)} s, peak ${peakMb.toFixed(0)} MB`,
  );
  return perSecond;
}

try {
  measure(bench, `${ours} exec true`);
  for (const name of names) measure(bench, `TIME ssh ${ssh} ${name} true`);
  const logins = names.map((name) => `${SLOTS}/ssh ${ssh} ${name}`).join(',');
  const sockets = join(fleet.dir, 'run', 'p-');
  // The hosts in turn, each with its own ssh -S.
  const each = `ssh -S ${sockets}h$(( $1 % ${HOSTS} + 1 )) -o ProxyCommand=false x true`;
  console.log(`${HOSTS} hosts, ${SLOTS} slots each`);
  const log = join(fleet.dir, 'joblog');
  const map = rate(
    'ours',
    TASKS,
    `${ours} map --slots ${SLOTS} --joblog ${log} true {} :::: ${listOf(TASKS)}`,
  );
  const xargs = rate(
    'xargs ssh -S',
    XARGS_TASKS,
    `TIME xargs -P ${HOSTS * SLOTS} -I N sh -c '${each}' sh N < ${listOf(XARGS_TASKS)}`,
  );
  const parallel = rate(
    'GNU parallel',
    PARALLEL_TASKS,
    `TIME parallel --will-cite --sshlogin '${logins}' true {} :::: ${listOf(PARALLEL_TASKS)}`,
  );
  console.log(
    `ours: ${(map / parallel).toFixed(1)} times GNU parallel, ${(map / xargs).toFixed(1)} times xargs`,
  );
} finally {
  measure(bench, `TIME ${process.execPath} ${BIN} masters close`);
  await fleet.stop();
}
