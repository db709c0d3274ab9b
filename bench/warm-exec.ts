// `exec true` on warm hosts: ours against pssh, pdsh and clush over their own warm ControlMasters, in one run.
//     npm run build && node --import tsx bench/warm-exec.ts [hosts] [rounds]
import { join } from 'node:path';
import { BIN, compare, startPeers } from './peers.js';

const hosts = Number(process.argv[2] ?? 100);
const peers = await startPeers(
  hosts,
  [],
  ({ dir }) => `Host *\n  ControlMaster auto\n  ControlPath ${join(dir, 'run')}/p-%n\n  ControlPersist 600\n`,
);
try {
  compare(peers, Number(process.argv[3] ?? 7), `${hosts} warm hosts`);
} finally {
  peers.run([process.execPath, BIN, 'masters', 'close']);
  await peers.fleet.stop();
}
