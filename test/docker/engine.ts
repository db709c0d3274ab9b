import { basename } from 'node:path';
import { type CommandEnd, runCommand } from './run-command.js';

/** What runs the containers. */
export interface Engine {
  /** The command that reads compose files, in words. */
  readonly compose: readonly string[];
  /** The program for single containers. */
  readonly program: 'docker' | 'podman';
}

export type Probe = (argv: readonly string[]) => Promise<Pick<CommandEnd, 'code' | 'stderr'>>;

export class NoEngineError extends Error {
  override readonly name = 'NoEngineError';
}

const CANDIDATES: readonly Engine[] = [
  { compose: ['docker', 'compose'], program: 'docker' },
  { compose: ['podman-compose'], program: 'podman' },
  { compose: ['podman', 'compose'], program: 'podman' },
  { compose: ['docker-compose'], program: 'docker' },
];

function wanted(command: string): Engine {
  const compose = command.trim().split(/\s+/);
  return { compose, program: basename(compose[0] ?? '').startsWith('podman') ? 'podman' : 'docker' };
}

const probeCommand: Probe = (argv) => runCommand(argv, { deadlineMs: 20_000 });

/** What keeps an engine from being used; null when nothing does. */
async function faultOf({ compose, program }: Engine, probe: Probe): Promise<string | null> {
  // `docker compose version` is glad without a daemon, so the engine is asked too.
  for (const argv of [
    [...compose, 'version'],
    [program, 'ps', '-q'],
  ]) {
    const { code, stderr } = await probe(argv);
    if (code !== 0) return `${argv.join(' ')}: ${stderr.trim().split('\n')[0] || `exit status ${code}`}`;
  }
  return null;
}

/**
 * The first engine whose compose command is there and whose containers can be listed.
 * @param command `PSSH_TEST_COMPOSE`: the compose command to use, whatever else is there
 * @throws NoEngineError one line that says what is wrong with each
 */
export async function findEngine(command: string | undefined, probe: Probe = probeCommand): Promise<Engine> {
  const faults: string[] = [];
  for (const engine of command ? [wanted(command)] : CANDIDATES) {
    const fault = await faultOf(engine, probe);
    if (fault === null) return engine;
    faults.push(fault);
  }
  throw new NoEngineError(`no container engine works here (${faults.join('; ')})`);
}
