import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { userInfo } from 'node:os';
import { basename } from 'node:path';
import type { ServerChannel, Session } from 'ssh2';

/** RFC 4254 section 6.10; what OpenSSH's server takes. */
const SIGNALS = new Set([
  'ABRT',
  'ALRM',
  'FPE',
  'HUP',
  'ILL',
  'INT',
  'KILL',
  'PIPE',
  'QUIT',
  'SEGV',
  'TERM',
  'USR1',
  'USR2',
]);

function loginShell(): string {
  const { shell } = userInfo();
  try {
    if (shell === null || /(nologin|false)$/.test(shell)) return '/bin/sh';
    accessSync(shell, constants.X_OK);
    return shell;
  } catch {
    return '/bin/sh';
  }
}

/** What a session's environment has besides the user's names. */
export interface SessionEnv extends Readonly<Record<string, string>> {
  readonly HOME: string;
}

/** What sshd gives a session, and nothing of our own environment. */
function sessionEnv(shell: string, more: SessionEnv): NodeJS.ProcessEnv {
  const user = userInfo().username;
  return { USER: user, LOGNAME: user, PATH: process.env.PATH, SHELL: shell, ...more };
}

/** Ties a command to its channel the way sshd does (RFC 4254 sections 5.3 and 6.10). */
function connectStreams(child: ChildProcessWithoutNullStreams, channel: ServerChannel): void {
  channel.pipe(child.stdin);
  child.stdout.pipe(channel, { end: false });
  child.stderr.pipe(channel.stderr, { end: false });
  // A command that ends, or never reads, leaves what was sent to it unread.
  for (const stream of [child.stdin, child.stdout, child.stderr, channel]) stream.on('error', () => {});
  child.once('exit', (code, signal) => {
    channel.unpipe(child.stdin).resume();
    if (signal === null) channel.exit(code ?? 255);
    else channel.exit(signal.replace(/^SIG/, ''), false, '');
  });
  // 'close' comes once stdout and stderr are read to their end, which a background process may delay.
  child.once('close', () => channel.end());
  // The client is gone: the command loses its pipes and lives on, as under sshd.
  channel.once('close', () => {
    for (const stream of [child.stdin, child.stdout, child.stderr]) stream.destroy();
  });
}

/** Runs the sessions of one server, each command in a process group of its own. */
export class EmbeddedSessions {
  readonly #running = new Set<number>();

  pids(): readonly number[] {
    return [...this.#running];
  }

  serve(session: Session, env: SessionEnv): void {
    let group: number | undefined;
    const start = (channel: ServerChannel, command: string | null) => {
      const shell = loginShell();
      const child = spawn(shell, command === null ? [] : ['-c', command], {
        detached: true,
        cwd: env.HOME,
        env: sessionEnv(shell, env),
        // A leading '-' makes it a login shell.
        argv0: command === null ? `-${basename(shell)}` : basename(shell),
      });
      child.once('error', (error) => {
        channel.stderr.write(`${error.message}\n`);
        channel.exit(126);
        channel.end();
      });
      const { pid } = child;
      if (pid === undefined) return;
      group = pid;
      this.#running.add(pid);
      child.once('exit', () => this.#running.delete(pid));
      connectStreams(child, channel);
    };
    session.on('exec', (accept, _reject, { command }) => start(accept(), command));
    session.on('shell', (accept) => start(accept(), null));
    session.on('signal', (accept, reject, { name }) => {
      // ssh2 hands over null where the client wants no reply.
      const answer = (reply: (() => void) | undefined) => reply?.();
      if (group === undefined || !SIGNALS.has(name)) return answer(reject);
      try {
        process.kill(-group, `SIG${name}`);
        answer(accept);
      } catch {
        answer(reject);
      }
    });
  }
}
