// Files to warm hosts: ours against pssh's pscp and clush -c over their own warm ControlMasters, and a tree of small
// files against `scp -r`, in one run.
// Needs Debian's packages pssh, clustershell and time; sshd as the tests do.
//     npm run build && node --import tsx bench/files.ts [rounds [one|many]]
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BIN, benchFleet, compare, measure } from './peers.js';

const ROUNDS = Number(process.argv[2] ?? 5);
const ONLY = process.argv[3];
const HOSTS = 100;
const FEW = 5;
const SMALL_FILES = 10_000;

const bench = await benchFleet(HOSTS, 4);
const { fleet, list, ssh } = bench;
const work = join(fleet.dir, 'files');
const names = Array.from({ length: HOSTS }, (_, place) => `h${place + 1}`);
const ours = `TIME ${process.execPath} ${BIN} -F ${fleet.configPath} -f 32 -t 60`;

/** Names on the same server have homes in common: each host has a folder of its own. */
function makeFolders(): void {
  for (const tool of ['ours', 'pscp', 'clush', 'scp'])
    for (const name of names) mkdirSync(join(work, tool, name), { recursive: true });
}

function ratio(medians: ReturnType<typeof compare>, peers: readonly string[]): string {
  const best = Math.min(...peers.map((name) => medians.get(name)?.wall ?? Number.POSITIVE_INFINITY));
  return ((medians.get('ours')?.wall ?? 0) / best).toFixed(2);
}

function oneFile(): void {
  const file = join(work, 'one-megabyte');
  writeFileSync(file, Buffer.alloc(1_000_000, 'x'));
  const hostsFile = join(work, 'hosts');
  writeFileSync(hostsFile, `${names.join('\n')}\n`);
  // Every tool writes all hosts' copies to one name a tool: the peers know no templates.
  const tools = {
    ours: `${ours} -H '${list}' put ${file} ${work}/ours/`,
    pscp: `TIME parallel-scp -h ${hostsFile} -p 32 -t 0 -x "${ssh}" ${file} ${work}/pscp/`,
    clush: `TIME clush -f 32 -o "${ssh}" -w '${list}' -c ${file} --dest ${work}/clush/`,
  };
  // The first round makes the masters.
  for (const command of Object.values(tools)) measure(bench, command);
  console.log(`1 MB to ${HOSTS} warm hosts, fanout 32, ${ROUNDS} rounds; medians`);
  console.log(
    `ours against the faster of them: wall ${ratio(compare(bench, tools, ROUNDS), ['pscp', 'clush'])}`,
  );
}

function manyFiles(): void {
  const tree = join(work, 'tree');
  for (let place = 0; place < SMALL_FILES; place += 1) {
    const folder = join(tree, String(place % 100));
    if (place < 100) mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `file-${place}`), `content of ${place}\n`);
  }
  const few = names.slice(0, FEW);
  const copies = few
    .map((name) => `scp -q ${ssh} -r ${tree} ${name}:${work}/scp/${name}/$round/ &`)
    .join(' ');
  // A fresh folder each time: nobody has anything to replace, and no time goes into taking it away.
  const fresh = (tool: string): string =>
    `export round=$(date +%s%N); mkdir ${few.map((name) => `${work}/${tool}/${name}/$round`).join(' ')};`;
  const tools = {
    ours: `${fresh('ours')} ${ours} -H '${few.join(',')}' put -r --via tar ${tree} "${work}/ours/{host}/$round/"`,
    'scp -r': `${fresh('scp')} TIME sh -c '${copies} wait'`,
  };
  // The masters, which may be gone since.
  measure(bench, `TIME ${process.execPath} ${BIN} -F ${fleet.configPath} -H '${few.join(',')}' exec true`);
  for (const name of few) measure(bench, `TIME ssh ${ssh} ${name} true`);
  console.log(`${SMALL_FILES} small files to ${FEW} warm hosts; medians`);
  console.log(`ours against scp -r: wall ${ratio(compare(bench, tools, Math.min(ROUNDS, 3)), ['scp -r'])}`);
}

try {
  makeFolders();
  if (ONLY !== 'many') oneFile();
  if (ONLY !== 'one') manyFiles();
} finally {
  measure(bench, `TIME ${process.execPath} ${BIN} masters close`);
  await fleet.stop();
}
