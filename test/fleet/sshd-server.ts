import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm } from 'node:fs/promises';
import type { HostServer } from './host-server.js';
import { listProcesses, signalQuietly } from './processes.js';
import { until } from './until.js';

export interface SshdFiles {
  readonly sshd: string;
  readonly name: string;
  readonly configFile: string;
  readonly logFile: string;
}

/** sshd as a foreground child that leads a session of its own, so that a terminal's ^C reaches us alone. */
export async function startSshd(files: SshdFiles): Promise<HostServer> {
  let running = await launch(files);
  return {
    async close() {
      await running.end();
    },
    async roots() {
      return running.hasEnded() ? [] : [running.pid];
    },
    killNow: () => signalQuietly(-running.pid, 'SIGKILL'),
    async again() {
      running = await launch(files);
    },
  };
}

interface Running {
  readonly pid: number;
  hasEnded(): boolean;
  end(): Promise<void>;
}

async function launch(files: SshdFiles): Promise<Running> {
  const readLog = () => readFile(files.logFile, 'utf8').catch(() => '');
  const before = (await readLog()).length;
  const child = spawn(files.sshd, ['-D', '-f', files.configFile, '-E', files.logFile], {
    detached: true,
    stdio: 'ignore',
    env: { PATH: process.env.PATH },
  });
  await once(child, 'spawn');
  const exited = once(child, 'exit');
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null;
  const newLog = async () => (await readLog()).slice(before);
  // The log tells, as a connection of ours would be one of the MaxStartups and, from OpenSSH 9.8 on, punished.
  await until(async () => hasEnded() || /Server listening on /.test(await newLog()), {
    deadlineMs: 10_000,
    what: `sshd of ${files.name} to listen`,
  });
  if (hasEnded()) throw new Error(`sshd of ${files.name} did not start:\n${await newLog()}`);
  return {
    pid: child.pid as number,
    hasEnded,
    async end() {
      child.kill('SIGKILL');
      if (!hasEnded()) await exited;
    },
  };
}

/**
 * The ProxyCommand that runs one sshd for one connection, and the server that it amounts to. Each notes its pid, as
 * sshd writes over its own arguments and could not be found by them.
 */
export function inetdSshd(files: SshdFiles): { readonly proxyCommand: string; readonly server: HostServer } {
  const pidsFile = `${files.configFile}.pids`;
  const sshd = `${files.sshd} -i -f ${files.configFile} -E ${files.logFile}`;
  const server: HostServer = {
    // Without its configuration the next connection fails.
    close: () => rm(files.configFile, { force: true }),
    async roots() {
      const noted = new Set((await readFile(pidsFile, 'utf8').catch(() => '')).split('\n').map(Number));
      // The pid may be another process's by now.
      const ours = (await listProcesses()).filter(({ pid, args }) => noted.has(pid) && /sshd/.test(args));
      return ours.map(({ pid }) => pid);
    },
    killNow() {},
  };
  return { proxyCommand: `sh -c 'echo $$ >>${pidsFile}; exec ${sshd}'`, server };
}
