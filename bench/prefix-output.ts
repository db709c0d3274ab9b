// Much output in the prefix view: ours against pdsh, over warm masters, in one run; and ours with a slow reader.
// Needs Debian's packages pdsh and time; sshd as the tests do.
//     npm run build && node --import tsx bench/prefix-output.ts [hosts] [megabytes] [rounds]
import { BIN, benchFleet, compare, measure } from './peers.js';

const HOSTS = Number(process.argv[2] ?? 20);
const MEGABYTES = Number(process.argv[3] ?? 50);
const ROUNDS = Number(process.argv[4] ?? 3);

const bench = await benchFleet(HOSTS, 4);
const { fleet, list } = bench;
try {
  // Lines of 80 bytes.
  const speak = `yes ${'x'.repeat(79)} | head -c ${MEGABYTES}000000`;
  const ours = `${process.execPath} ${BIN} -F ${fleet.configPath} -t 60 -f ${HOSTS} -H '${list}' exec`;
  const theirs = `pdsh -R ssh -f ${HOSTS} -w '${list}'`;
  // The masters are made.
  measure(bench, `TIME ${ours} true > /dev/null`);
  measure(bench, `TIME ${theirs} true > /dev/null`);
  console.log(
    `${HOSTS} hosts x ${MEGABYTES} MB in lines of 80 bytes to /dev/null, ${ROUNDS} rounds; medians`,
  );
  const walls = compare(
    bench,
    {
      ours: `TIME ${ours} '${speak}' > /dev/null`,
      pdsh: `TIME ${theirs} '${speak}' > /dev/null`,
    },
    ROUNDS,
  );
  console.log(
    `ours against pdsh: ${((walls.get('ours')?.wall ?? 0) / (walls.get('pdsh')?.wall ?? 1)).toFixed(2)}`,
  );
  // 4 MB/s for five seconds; then as fast as it can.
  const slowly = 'for i in $(seq 20); do head -c 1000000 > /dev/null; sleep 0.25; done; cat > /dev/null';
  compare(bench, { 'slow reader': `TIME ${ours} '${speak}' | { ${slowly}; }` }, 1);
  const torn = '!/^h[0-9]+: x+$/ || length($2) != 79 { torn = 1 } END { exit torn }';
  measure(bench, `TIME ${ours} '${speak}' | awk '${torn}'`);
  console.log('every line is whole');
} finally {
  measure(bench, `TIME ${process.execPath} ${BIN} masters close`);
  await fleet.stop();
}
