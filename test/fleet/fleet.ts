/** Throwaway hosts on loopback for the integration tests and the demo: startFleet({ hosts: 5 }). */
import { existsSync, rmSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Addresses } from './addresses.js';
import { type ClientHost, knownHostsLine, sshConfig } from './config-text.js';
import { findSshd } from './find-sshd.js';
import { fleetEnv } from './fleet-env.js';
import type { HostServer } from './host-server.js';
import { type KeyPair, makeKeyPair } from './key-pair.js';
import { loginAccount } from './login-account.js';
import { holdPrivsepFolder } from './privsep-folder.js';
import { killTrees, sessionProcesses } from './processes.js';
import { sshdVersion } from './sshd-version.js';
import { type FleetContext, startHost } from './start-host.js';
import type { Fleet, FleetHost, FleetOptions, HostSpec } from './types.js';

export type { Fleet, HostKind } from './types.js';

interface Member {
  readonly host: FleetHost;
  readonly client: ClientHost;
  readonly knownHosts: string;
  readonly server: HostServer | null;
  readonly aliasOf: string | null;
}

/** macOS's own temp folder is so long that a control socket below it has no room left. */
function shortTempFolder(): string {
  return tmpdir().length > 40 && existsSync('/tmp') ? '/tmp' : tmpdir();
}

async function makeFolder(wanted: string | undefined): Promise<string> {
  const dir = wanted ?? (await mkdtemp(join(shortTempFolder(), 'pt-')));
  if (/[\s'"%#\\]/.test(dir)) throw new Error(`the fleet's folder must have a plain name, not ${dir}`);
  if (wanted !== undefined) await mkdir(dir);
  return dir;
}

function specsOf(hosts: FleetOptions['hosts']): readonly HostSpec[] {
  if (typeof hosts !== 'number') return hosts;
  return Array.from({ length: hosts }, (_, index) => ({ name: `node${index + 1}` }));
}

function clientLines({ client, user }: HostSpec): readonly string[] {
  return [...(client ?? []), ...(user === undefined ? [] : [`User ${user}`])];
}

function chooseServer(wanted: FleetOptions['server']): { readonly sshd: string | null } {
  if (wanted === 'embedded') return { sshd: null };
  const sshd = findSshd();
  if (sshd === null && wanted !== 'auto') {
    throw new Error('no sshd found; run: node --import tsx scripts/setup-sshd.ts');
  }
  return { sshd };
}

async function endServers(
  servers: readonly HostServer[],
  orphans: () => Promise<readonly number[]>,
  what: string,
): Promise<void> {
  await killTrees(async () => {
    const roots = await Promise.all(servers.map((server) => server.roots()));
    return [...roots.flat(), ...(await orphans())];
  }, what);
  await Promise.all(servers.map((server) => server.close()));
}

class RunningFleet implements Fleet {
  readonly configPath: string;
  readonly env: NodeJS.ProcessEnv;
  readonly server: 'sshd' | 'embedded';
  readonly #members = new Map<string, Member>();
  readonly #addresses = new Addresses();
  readonly #onExit = () => this.#killNow();
  #releasePrivsep = () => {};
  #stopped: Promise<void> | null = null;
  readonly #context: FleetContext;

  constructor(context: FleetContext) {
    this.#context = context;
    this.configPath = join(context.dir, 'ssh_config');
    this.env = fleetEnv(context.dir, context.user);
    this.server = context.sshd === null ? 'embedded' : 'sshd';
    process.once('exit', this.#onExit);
  }

  get dir(): string {
    return this.#context.dir;
  }

  get hosts(): readonly FleetHost[] {
    return [...this.#members.values()].map(({ host }) => host);
  }

  async start(specs: readonly HostSpec[], clientKey: KeyPair): Promise<void> {
    const { dir, sshd } = this.#context;
    const folders = ['home', 'run', 'tmp'].map((name) => mkdir(join(dir, name), { mode: 0o700 }));
    await Promise.all([
      ...folders,
      mkdir(join(dir, 'hosts')),
      writeFile(join(dir, 'id_ed25519'), clientKey.privateKey, { mode: 0o600 }),
      writeFile(join(dir, 'id_ed25519.pub'), `${clientKey.publicKey}\n`),
    ]);
    if (sshd !== null) this.#releasePrivsep = holdPrivsepFolder(sshd, join(dir, 'id_ed25519'));
    // allSettled: hosts that did start must be known, or nobody stops them.
    const own = specs.filter((spec) => spec.sameServerAs === undefined);
    const settled = await Promise.allSettled(own.map((spec) => this.#add(spec)));
    for (const result of settled) if (result.status === 'rejected') throw result.reason;
    for (const spec of specs) if (spec.sameServerAs !== undefined) await this.#add(spec);
    this.#sort(specs);
    await this.#writeClientFiles();
  }

  host(name: string): FleetHost {
    return this.#member(name).host;
  }

  async log(name: string): Promise<string> {
    return readFile(this.host(name).logFile, 'utf8').catch(() => '');
  }

  async logins(name: string): Promise<number> {
    return (await this.log(name)).match(/^Accepted publickey for /gm)?.length ?? 0;
  }

  async addHost(spec: HostSpec): Promise<FleetHost> {
    const member = await this.#add(spec);
    await this.#writeClientFiles();
    return member.host;
  }

  async stopHost(name: string): Promise<void> {
    const { aliasOf } = this.#member(name);
    const { server } = this.#member(aliasOf ?? name);
    if (server === null) return;
    await endServers([server], () => sessionProcesses(this.dir, aliasOf ?? name), name);
  }

  async startHostAgain(name: string): Promise<void> {
    const { server } = this.#member(name);
    if (server?.again === undefined) throw new Error(`${name} can't be started again`);
    await server.again();
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  #member(name: string): Member {
    const member = this.#members.get(name);
    if (member === undefined) throw new Error(`the fleet has no host ${name}`);
    return member;
  }

  async #add(spec: HostSpec): Promise<Member> {
    if (!/^[A-Za-z0-9][\w.-]*$/.test(spec.name)) throw new Error(`not a host name for a fleet: ${spec.name}`);
    if (this.#members.has(spec.name)) throw new Error(`the fleet has a host ${spec.name} already`);
    const member =
      spec.sameServerAs === undefined ? await this.#own(spec) : this.#alias(spec, spec.sameServerAs);
    this.#members.set(spec.name, member);
    return member;
  }

  async #own(spec: HostSpec): Promise<Member> {
    const started = await startHost(spec, this.#context, this.#addresses);
    const { hostName, port, proxyCommand } = started;
    return {
      host: { name: spec.name, address: started.address, port, logFile: started.logFile },
      client: { name: spec.name, hostName, port, proxyCommand, extra: clientLines(spec) },
      knownHosts: knownHostsLine(hostName, port, started.knownKey),
      server: started.server,
      aliasOf: null,
    };
  }

  #alias(spec: HostSpec, of: string): Member {
    const original = this.#member(of);
    return {
      host: { ...original.host, name: spec.name },
      client: { ...original.client, name: spec.name, extra: clientLines(spec) },
      knownHosts: '',
      server: null,
      aliasOf: original.aliasOf ?? of,
    };
  }

  /** Back into the order asked for: the hosts started in any. */
  #sort(specs: readonly HostSpec[]): void {
    const members = specs.map(({ name }) => this.#member(name));
    this.#members.clear();
    for (const member of members) this.#members.set(member.host.name, member);
  }

  async #writeClientFiles(): Promise<void> {
    const { dir, user } = this.#context;
    const members = [...this.#members.values()];
    const knownHostsFile = join(dir, 'known_hosts');
    const config = sshConfig({
      user,
      identityFile: join(dir, 'id_ed25519'),
      knownHostsFile,
      hosts: members.map(({ client }) => client),
    });
    await writeFile(knownHostsFile, members.map(({ knownHosts }) => knownHosts).join(''));
    // An ssh that starts meanwhile must not read half of it.
    await writeFile(`${this.configPath}.new`, config);
    await rename(`${this.configPath}.new`, this.configPath);
  }

  #servers(): HostServer[] {
    return [...this.#members.values()].flatMap(({ server }) => (server === null ? [] : [server]));
  }

  async #stop(): Promise<void> {
    const servers = this.#servers();
    await endServers(servers, () => sessionProcesses(this.dir), 'the fleet');
    process.off('exit', this.#onExit);
    this.#releasePrivsep();
    await rm(this.dir, { recursive: true, force: true, maxRetries: 3 });
  }

  #killNow(): void {
    for (const server of this.#servers()) server.killNow();
    this.#releasePrivsep();
    rmSync(this.dir, { recursive: true, force: true });
  }
}

/** Starts the hosts and waits until each listens. */
export async function startFleet(options: FleetOptions): Promise<Fleet> {
  const { sshd } = chooseServer(options.server);
  if (sshd === null && options.via === 'inetd') throw new Error("via 'inetd' needs an sshd");
  const user = loginAccount(sshd !== null);
  const [clientKey, strangerKey] = await Promise.all([makeKeyPair('fleet'), makeKeyPair('stranger')]);
  const dir = await makeFolder(options.dir);
  const fleet = new RunningFleet({
    dir,
    user,
    sshd,
    hasPenalties: sshd !== null && isAtLeast(sshdVersion(sshd), [9, 8]),
    via: options.via ?? 'port',
    clientKey,
    strangerKey,
  });
  try {
    await fleet.start(specsOf(options.hosts), clientKey);
    return fleet;
  } catch (error) {
    await fleet.stop();
    throw error;
  }
}

function isAtLeast([major, minor]: readonly [number, number], [a, b]: readonly [number, number]): boolean {
  return major > a || (major === a && minor >= b);
}
