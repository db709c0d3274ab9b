// Three clusters of 50 machines in one process: runs, cancels one, closes all, and says what is left. It ends by itself.
import { Cluster } from 'pssh-ts';

const options = { sshConfig: process.argv[2], connectTimeout: '120s', fanout: 16 };
const EVENTS = [
  'exit',
  'beforeExit',
  'SIGINT',
  'SIGTERM',
  'SIGHUP',
  'SIGPIPE',
  'uncaughtException',
  'warning',
];
const listeners = () => EVENTS.map((name) => process.listenerCount(name));
/** Sockets, timers, children, files; `Immediate` is our own waiting. */
const heldNow = () => process.getActiveResourcesInfo().filter((kind) => kind !== 'Immediate').length;
// These count once somebody looks at them, and execa does.
void [process.stdin, process.stdout, process.stderr];
const before = { listeners: listeners(), held: heldNow() };

const clusters = ['a', 'b', 'c'].map((letter) => new Cluster(`${letter}[1-50]`, options));
const [a, b, c] = clusters;
const cancel = new AbortController();
let sleeping = 0;
const canceled = b.execute('exec sleep 98770', {
  fanout: 50,
  signal: cancel.signal,
  onEvent: (event) => {
    if (event.type === 'started' && ++sleeping === 50) cancel.abort();
  },
});
const streamed = (async () => {
  const names = new Set();
  for await (const event of c.stream('echo $PSSH_HOST'))
    if (event.type === 'output') names.add(Buffer.from(event.data).toString().trim());
  return names.size;
})();
const count = ({ results }, status) => results.filter((result) => result.status === status).length;
const said = {
  ok: count(await a.execute('true'), 'ok'),
  canceled: count(await canceled, 'canceled'),
  streamed: await streamed,
  again: count(await b.execute('true'), 'ok'),
  alive: clusters.map((cluster) => cluster.aliveMachines.length),
};
await Promise.all(clusters.map((cluster) => cluster.close()));
const left = listeners().filter((number, place) => number !== before.listeners[place]).length;
// What is destroyed closes in a later turn of the loop.
let held = heldNow();
for (let turns = 0; turns < 100 && held > before.held; turns += 1) {
  await new Promise((resolve) => setImmediate(resolve));
  held = heldNow();
}
held -= before.held;
process.stdout.write(`${JSON.stringify({ ...said, left, held })}\n`);
