import type { Engine } from './engine.js';
import { type RunOptions, runCommand } from './run-command.js';

/** The containers of one compose project, by what docker and podman have in common. */
export interface Containers {
  /** Builds the image and starts them; they may not be healthy yet. */
  start(signal: AbortSignal): Promise<void>;
  /** Service names in order, each with its container's id. */
  list(): Promise<ReadonlyMap<string, string>>;
  health(id: string): Promise<'starting' | 'healthy' | 'ended'>;
  /** The port on 127.0.0.1 that leads to the container's port 22. */
  sshPort(id: string): Promise<number>;
  readFile(id: string, path: string): Promise<string>;
  /** What the containers have said so far. */
  logs(): Promise<string>;
  /** Takes away containers, network and volume; what is not there is no fault. @throws when something stays */
  remove(): Promise<void>;
}

const PROJECT = 'com.docker.compose.project';
const SERVICE = 'com.docker.compose.service';
const MINUTE = 60_000;

const words = (text: string): string[] => text.split(/\s+/).filter((word) => word !== '');

export function containersOf(engine: Engine, composeFile: string, project: string): Containers {
  const compose = [...engine.compose, '-f', composeFile, '-p', project];

  /** @throws with what the command said, when it fails */
  const must = async (argv: readonly string[], options: Partial<RunOptions> = {}): Promise<string> => {
    const { code, stdout, stderr } = await runCommand(argv, { deadlineMs: MINUTE, ...options });
    options.signal?.throwIfAborted();
    if (code === 0) return stdout;
    throw new Error([`${argv.join(' ')}: ${code ?? 'ended'}`, stdout, stderr].join('\n').trimEnd());
  };
  const ask = (...args: readonly string[]) => must([engine.program, ...args]);
  const ours = ['--filter', `label=${PROJECT}=${project}`];
  const ids = async () => words(await ask('ps', '-aq', ...ours));

  const list = async () => {
    const found = await ids();
    if (found.length === 0) return new Map<string, string>();
    const format = `{{.Id}} {{index .Config.Labels "${SERVICE}"}}`;
    const lines = (await ask('inspect', '--format', format, ...found)).split('\n').map(words);
    const entries = lines.flatMap(([id, name]) => (id && name ? [[name, id] as const] : []));
    return new Map(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
  };

  return {
    async start(signal) {
      await must([...compose, 'build'], { signal, isShown: true, deadlineMs: 10 * MINUTE });
      await must([...compose, 'up', '-d', '--no-build'], { signal, isShown: true, deadlineMs: 2 * MINUTE });
    },
    list,
    async health(id) {
      const [state, health] = words(
        await ask('inspect', '--format', '{{.State.Status}} {{.State.Health.Status}}', id),
      );
      if (state === 'exited' || state === 'dead') return 'ended';
      if (health === 'healthy') return 'healthy';
      if (engine.program !== 'podman') return 'starting';
      // podman leaves the asking to systemd timers, so where there is no systemd nobody asks.
      const { code } = await runCommand(['podman', 'healthcheck', 'run', id], { deadlineMs: MINUTE });
      return code === 0 ? 'healthy' : 'starting';
    },
    async sshPort(id) {
      const port = /^127\.0\.0\.1:(\d+)$/m.exec(await ask('port', id, '22/tcp'))?.[1];
      if (port === undefined) throw new Error(`container ${id} has no port 22 on 127.0.0.1`);
      return Number(port);
    },
    readFile: (id, path) => ask('exec', id, 'cat', path),
    async logs() {
      const logs = [...(await list())].map(async ([name, id]) => {
        const { stdout, stderr } = await runCommand([engine.program, 'logs', id], { deadlineMs: MINUTE });
        return `--- ${name}\n${stdout}${stderr}`;
      });
      return (await Promise.all(logs)).join('');
    },
    async remove() {
      await runCommand([...compose, 'down', '-v', '-t', '2'], { deadlineMs: MINUTE });
      // podman-compose 1.0 leaves the network, and a start that was broken off may leave anything.
      const sweep = async (found: readonly string[], ...command: readonly string[]) => {
        if (found.length > 0) await ask(...command, ...found);
      };
      await sweep(await ids(), 'rm', '-f');
      await sweep(words(await ask('network', 'ls', '-q', ...ours)), 'network', 'rm');
      await sweep(words(await ask('volume', 'ls', '-q', ...ours)), 'volume', 'rm');
    },
  };
}
