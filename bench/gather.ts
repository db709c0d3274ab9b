// Gathers the output of many hosts: ours against `clush -b` and `pdsh | dshbak -c`, over warm masters, in one run.
// Needs Debian's packages pdsh, clustershell and time; sshd as the tests do.
//     npm run build && node --import tsx bench/gather.ts [hosts] [rounds]
// 200 lines from each host in three variants.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { textOf, VARIANTS } from '../test/unit/sinks/clush-hosts.js';
import { BIN, benchFleet, compare, measure } from './peers.js';

const HOSTS = Number(process.argv[2] ?? 1000);
const ROUNDS = Number(process.argv[3] ?? 3);
const FANOUT = 32;

const bench = await benchFleet(HOSTS, 4);
const { fleet, list, ssh } = bench;
try {
  for (const variant of VARIANTS) writeFileSync(join(fleet.dir, variant), textOf(variant));
  const files = VARIANTS.map((variant) => join(fleet.dir, variant));
  // The pid of the remote shell scatters them.
  const speak = `case $(( $$ % 3 )) in 0) cat ${files[0]};; 1) cat ${files[1]};; *) cat ${files[2]};; esac`;
  const tools = {
    ours: `TIME ${process.execPath} ${BIN} -F ${fleet.configPath} -t 60 -f ${FANOUT} --max-masters 100000 -H '${list}' exec -b '${speak}' > /dev/null`,
    'clush -b': `TIME clush -f ${FANOUT} -o '${ssh}' -w '${list}' -b '${speak}' > /dev/null`,
    'pdsh|dshbak': `TIME pdsh -R ssh -f ${FANOUT} -w '${list}' '${speak}' | dshbak -c > /dev/null`,
  };
  // The masters are made.
  for (const command of Object.values(tools)) measure(bench, command);
  console.log(`${HOSTS} warm hosts x 200 lines in 3 variants, fanout ${FANOUT}, ${ROUNDS} rounds; medians`);
  const walls = compare(bench, tools, ROUNDS);
  const best = Math.min(...[...walls].filter(([name]) => name !== 'ours').map(([, { wall }]) => wall));
  console.log(`ours against the best of them: ${((walls.get('ours')?.wall ?? 0) / best).toFixed(2)}`);
} finally {
  measure(bench, `TIME ${process.execPath} ${BIN} masters close`);
  await fleet.stop();
}
