// `exec true` on hosts that nobody is logged in to: ours, which leaves no connection behind (--persist 0), against
// pssh, pdsh and clush, in one run.
//     npm run build && node --import tsx bench/cold-exec.ts [hosts] [rounds]
import { compare, startPeers } from './peers.js';

const hosts = Number(process.argv[2] ?? 100);
const peers = await startPeers(hosts, ['--persist', '0'], () => '');
try {
  compare(peers, Number(process.argv[3] ?? 3), `${hosts} cold hosts`);
} finally {
  await peers.fleet.stop();
}
