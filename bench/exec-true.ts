import { BIN, benchFleet, compare, measure } from './peers.js';

const FANOUT = 32;
const SERVERS = 4;

/**
 * `exec true` on many hosts: ours against pssh, pdsh and clush, in one run. Needs Debian's packages pssh, pdsh,
 * clustershell and time. CPU is that of the tool and all that it waited for; the servers' is not in it.
 * @param warm over live masters, of each tool's own; else nobody is logged in, and nobody stays so
 */
export async function execTrue(hosts: number, rounds: number, warm: boolean): Promise<void> {
  const bench = await benchFleet(hosts, SERVERS);
  const { fleet, list } = bench;
  const ssh = warm ? bench.ssh : `-F ${fleet.configPath}`;
  const node = `${process.execPath} ${BIN} -F ${fleet.configPath}`;
  const quiet = '>/dev/null 2>&1';
  const tools = {
    ours: `TIME ${node} -f ${FANOUT} -t 60 ${warm ? '' : '--persist 0'} -H '${list}' exec true ${quiet}`,
    pssh: `TIME parallel-ssh -H "$(nodeset -e '${list}')" -p ${FANOUT} -t 0 -x '${ssh}' true ${quiet}`,
    pdsh: `PDSH_SSH_ARGS_APPEND='${ssh}' TIME pdsh -R ssh -f ${FANOUT} -w '${list}' true ${quiet}`,
    clush: `TIME clush -f ${FANOUT} -o '${ssh}' -w '${list}' true ${quiet}`,
  };
  try {
    // The masters are made, and the caches warm.
    for (const command of Object.values(tools)) measure(bench, command);
    console.log(
      `${hosts} ${warm ? 'warm' : 'cold'} hosts, ${SERVERS} sshd, fanout ${FANOUT}, ${rounds} rounds; medians`,
    );
    const { ours, ...peers } = Object.fromEntries(compare(bench, tools, rounds));
    const against = (what: 'wall' | 'cpu'): string => {
      const best = Math.min(...Object.values(peers).map((peer) => peer[what]));
      return ((ours?.[what] ?? Number.NaN) / best).toFixed(2);
    };
    console.log(`ours against the best of them: wall ${against('wall')}, cpu ${against('cpu')}`);
  } finally {
    measure(bench, `TIME ${node} masters close ${quiet}`);
    await fleet.stop();
  }
}
