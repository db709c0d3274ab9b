// One JSON document of much output: how long it takes, and how much memory. Needs Debian's package time; sshd as the
// tests do.
//     npm run build && node --import tsx bench/json-output.ts [hosts] [megabytes]
import { BIN, benchFleet, measure } from './peers.js';

const HOSTS = Number(process.argv[2] ?? 50);
const MEGABYTES = Number(process.argv[3] ?? 20);

const bench = await benchFleet(HOSTS, 4);
const { fleet, list } = bench;
try {
  const ours = `${process.execPath} ${BIN} -F ${fleet.configPath} -t 60 -f ${HOSTS} -H '${list}' exec --json`;
  // The masters are made.
  measure(bench, `TIME ${ours} true > /dev/null`);
  const speak = `yes ${'x'.repeat(79)} | head -c ${MEGABYTES}000000`;
  const { wall, peakMb } = measure(bench, `TIME ${ours} '${speak}' > /dev/null`);
  console.log(
    `--json of ${HOSTS} hosts x ${MEGABYTES} MB: ${wall.toFixed(1)} s, peak ${peakMb.toFixed(0)} MB`,
  );
} finally {
  measure(bench, `TIME ${process.execPath} ${BIN} masters close`);
  await fleet.stop();
}
