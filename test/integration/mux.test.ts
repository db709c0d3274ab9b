import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createMuxTransport, muxTransport } from '../../src/transport/mux.js';
import { type Fleet, startFleet } from '../fleet/fleet.js';
import { until } from '../fleet/until.js';
import { finishOf, NEVER, type OpenHost, openHost, runOn } from './open-host.js';

let fleet: Fleet;
beforeAll(async () => {
  fleet = await startFleet({
    hosts: [
      { name: 'ten' },
      { name: 'none', sshd: ['MaxSessions 0'] },
      { name: 'one', sshd: ['MaxSessions 1'] },
      { name: 'two', sshd: ['MaxSessions 2'] },
      { name: 'beats', sshd: ['ClientAliveInterval 1', 'ClientAliveCountMax 2'] },
      { name: 'env', sshd: ['AcceptEnv PSSH_*'], client: ['SendEnv PSSH_SENT', 'SetEnv PSSH_SET="x y"'] },
    ],
  });
});
afterAll(() => fleet.stop());

/** Runs a test on one host, with a master of its own. */
async function on(
  name: string,
  work: (host: OpenHost) => Promise<void>,
  transport = muxTransport,
): Promise<void> {
  const host = await openHost(fleet, name, transport);
  try {
    await work(host);
  } finally {
    await host.end();
  }
}

const times = (count: number): readonly number[] => Array.from({ length: count }, (_, n) => n);

describe('what a command came to', () => {
  let host: OpenHost;
  beforeAll(async () => {
    host = await openHost(fleet, 'ten', muxTransport);
  });
  afterAll(() => host.end());

  test.each([0, 1, 4, 5, 44, 127, 254, 255])('exit status %i', async (status) => {
    expect(await runOn(host.connection, `exit ${status}`)).toMatchObject({ exit: { status } });
  });

  test.each(['KILL', 'TERM', 'USR1'])('killed by SIG%s', async (signal) => {
    expect((await runOn(host.connection, `kill -${signal} $$`)).exit).toEqual({ signal });
  });

  test('killed by a real-time signal, which has no name', async () => {
    expect((await runOn(host.connection, 'kill -40 $$')).exit).toEqual({ signal: null });
  });

  test('stdout and stderr stay apart', async () => {
    const { stdout, stderr } = await runOn(host.connection, 'echo out; echo err >&2; echo out');
    expect([stdout.toString(), stderr.toString()]).toEqual(['out\nout\n', 'err\n']);
  });

  test('10 MB through cat come back byte for byte', async () => {
    const bytes = randomBytes(10_000_000);
    const { stdout, exit } = await runOn(host.connection, 'cat', bytes);
    expect(stdout.equals(bytes)).toBe(true);
    expect(exit).toEqual({ status: 0 });
  });

  test('stdin none is empty; a command that does not read its input ends all the same', async () => {
    expect((await runOn(host.connection, 'wc -c')).stdout.toString().trim()).toBe('0');
    expect((await runOn(host.connection, 'head -c 3', randomBytes(10_000_000))).stdout.length).toBe(3);
    expect((await runOn(host.connection, 'exit 3', randomBytes(10_000_000))).exit).toEqual({ status: 3 });
  });

  test('a terminal on request', async () => {
    const pty = { term: 'vt100', columns: 77, rows: 11 };
    const channel = await host.connection.open('echo $TERM; stty size', { stdin: 'pipe', pty });
    expect((await finishOf(channel)).stdout.toString()).toBe('vt100\r\n11 77\r\n');
  });

  test('a subsystem: sftp answers INIT with its version', async () => {
    const channel = await host.connection.open('sftp', { stdin: 'pipe', subsystem: true });
    // uint32 length, byte SSH_FXP_INIT, uint32 version
    channel.stdin?.write(Buffer.from([0, 0, 0, 5, 1, 0, 0, 0, 3]));
    const [answer] = (await channel.stdout.take(1).toArray()) as Buffer[];
    expect(answer?.subarray(4, 9)).toEqual(Buffer.from([2, 0, 0, 0, 3]));
    channel.close();
  });

  test('a signal is granted or refused, as the server says', async () => {
    const channel = await host.connection.open('echo up; exec sleep 60', { stdin: 'none' });
    await channel.stdout.take(1).toArray();
    // OpenSSH before 9.8 refuses it for root.
    const granted = await channel.signal?.('TERM');
    if (granted === true) expect(await channel.exited).toEqual({ signal: 'TERM' });
    else channel.close();
    expect(typeof granted).toBe('boolean');
  });

  test('a daemon that holds the output does not hold the status', async () => {
    const channel = await host.connection.open('sleep 30 & echo $!', { stdin: 'none' });
    expect(await channel.exited).toEqual({ status: 0 });
    const pid = Number(String((await channel.stdout.take(1).toArray())[0]));
    channel.close();
    await channel.released;
    process.kill(pid, 'SIGKILL');
  });
});

describe('sessions', () => {
  test('90 at once at MaxSessions 10: all run, none is refused', async () => {
    await on('ten', async ({ connection }) => {
      const all = await Promise.all(times(90).map((n) => runOn(connection, `exit ${n % 3}`)));
      expect(all.map(({ exit }) => exit)).toEqual(times(90).map((n) => ({ status: n % 3 })));
      expect(connection.poisoned).toBe(false);
    });
  });

  test('400 opens straight after closes at MaxSessions 10: none is refused', async () => {
    await on('ten', async ({ connection }) => {
      let left = 400;
      const worker = async (): Promise<void> => {
        while (left > 0) {
          left -= 1;
          expect((await runOn(connection, 'true')).exit).toEqual({ status: 0 });
        }
      };
      await Promise.all(times(12).map(worker));
      expect(connection.poisoned).toBe(false);
    });
  });

  test.each([
    ['one', 1],
    ['two', 2],
  ] as const)(
    'at MaxSessions of %s: 20 at once all run, and the next master is not poisoned',
    async (name, most) => {
      const transport = createMuxTransport();
      await on(
        name,
        async ({ connection, pool, lease }) => {
          const all = await Promise.all(times(20).map((n) => runOn(connection, `exit ${n}`)));
          expect(all.map(({ exit }) => exit)).toEqual(times(20).map((status) => ({ status })));
          expect(connection.poisoned).toBe(true);
          lease.retire();
          const next = await pool.acquire(lease.master.target, NEVER, () => undefined);
          const again = await transport.connect(next.master, pool, NEVER);
          expect(again.freeSessions).toBe(most);
          await Promise.all(times(20).map(() => runOn(again, 'true')));
          expect(again.poisoned).toBe(false);
          await again.close();
          await next.release();
        },
        transport,
      );
    },
  );

  test('at MaxSessions 1: 60 one straight after another, also over a new socket each', async () => {
    await on('one', async ({ connection, pool, lease }) => {
      for (const _ of times(30)) expect((await runOn(connection, 'true')).exit).toEqual({ status: 0 });
      await connection.close();
      for (const _ of times(30)) {
        const next = await muxTransport.connect(lease.master, pool, NEVER);
        expect((await runOn(next, 'true')).exit).toEqual({ status: 0 });
        await next.close();
      }
    });
  });

  test('at MaxSessions 0 nothing runs, and each is told', async () => {
    await on('none', async ({ connection }) => {
      for (const one of await Promise.allSettled(times(10).map(() => runOn(connection, 'true'))))
        expect(one).toMatchObject({ status: 'rejected', reason: { code: 'ERR_CHANNEL_OPEN' } });
    });
  });

  test('a refusal takes no session that runs with it, nor does the end of the connection', async () => {
    const transport = createMuxTransport();
    await on(
      'two',
      async ({ connection, pool, lease }) => {
        const other = await pool.acquire(lease.master.target, NEVER, () => undefined);
        const running = await connection.open('sleep 1; echo lived', { stdin: 'none' });
        const more = await Promise.all(times(4).map(() => runOn(connection, 'true')));
        expect(more.length).toBe(4);
        expect(connection.poisoned).toBe(true);
        expect((await finishOf(running)).stdout.toString()).toBe('lived\n');
        await connection.close();
        // The master lives until its last user has handed it back.
        expect(await pool.isAlive(lease.master)).toBe(true);
        other.retire();
        await other.release();
      },
      transport,
    );
  });
});

describe('flow', () => {
  test('a reader that does not read stops the remote, and memory stays bounded', async () => {
    await on('ten', async ({ connection }) => {
      const mark = join(fleet.dir, 'tmp', 'written');
      const channel = await connection.open(`head -c 200000000 /dev/zero; touch ${mark}`, { stdin: 'none' });
      channel.stderr.resume();
      const before = process.memoryUsage();
      // Unread, it gets no further, however long it has for it.
      await runOn(connection, 'sleep 1');
      expect(existsSync(mark)).toBe(false);
      let grown = 0;
      let got = 0;
      for await (const chunk of channel.stdout as AsyncIterable<Buffer>) {
        // Slow at first, so that the sender runs ahead as far as it is let.
        if (got < 2_000_000) await pause(5);
        got += chunk.length;
        const now = process.memoryUsage();
        grown = Math.max(grown, now.arrayBuffers - before.arrayBuffers);
      }
      expect(got).toBe(200_000_000);
      expect(await channel.exited).toEqual({ status: 0 });
      expect(grown).toBeLessThan(60e6);
    });
  });

  test('a server that does not read stops our input', async () => {
    await on('ten', async ({ connection }) => {
      const channel = await connection.open('sleep 60', { stdin: 'pipe' });
      const block = Buffer.alloc(64 * 1024);
      let sent = 0;
      const fill = (): void => {
        while (channel.stdin?.write(block) === true) sent += block.length;
        channel.stdin?.once('drain', fill);
      };
      fill();
      let before = -1;
      await until(
        () => {
          const stopped = sent === before;
          before = sent;
          return stopped;
        },
        { deadlineMs: 10_000, what: 'the input to stop', everyMs: 200 },
      );
      // The server's window of 2 MiB, the remote's pipe, and what our stream holds.
      expect(sent).toBeLessThan(8 * 2 ** 20);
      channel.close();
    });
  });
});

describe('what is kept up', () => {
  test('the server’s own keep-alive questions are answered', async () => {
    await on('beats', async ({ connection }) => {
      expect((await runOn(connection, 'sleep 4; echo lived')).stdout.toString()).toBe('lived\n');
    });
  });

  test('SendEnv and SetEnv of the config, and variables of the caller', async () => {
    process.env.PSSH_SENT = 'from here';
    await on('env', async ({ connection }) => {
      const channel = await connection.open('echo "$PSSH_SENT|$PSSH_SET|$PSSH_OURS|$OTHER"', {
        stdin: 'none',
        env: { PSSH_OURS: 'é', OTHER: 'no' },
      });
      expect((await finishOf(channel)).stdout.toString()).toBe('from here|x y|é|\n');
    });
    delete process.env.PSSH_SENT;
  });
});

describe('faults', () => {
  // OpenSSH's master crashed in one of twenty: it still wrote to the client that had gone.
  test('a master lives through 200 connections that end in the middle of their output', async () => {
    await on('ten', async ({ connection, pool, lease }) => {
      await connection.close();
      for (const n of times(200)) {
        const one = await muxTransport.connect(lease.master, pool, NEVER);
        const channel = await one.open('head -c 3000000 /dev/zero', { stdin: 'none' });
        channel.stdout.resume();
        if (n % 2 === 0) await channel.exited;
        await one.close();
        expect(one.poisoned).toBe(false);
      }
      expect(await pool.isAlive(lease.master)).toBe(true);
    });
  });

  test('a command that outlives its connection poisons the master, which lives until it is retired', async () => {
    await on('ten', async ({ connection, pool, lease }) => {
      await connection.open('exec sleep 60', { stdin: 'none' });
      await connection.close();
      expect(connection.poisoned).toBe(true);
      expect(await pool.isAlive(lease.master)).toBe(true);
    });
  });

  test('the master killed -9 while a command runs: ERR_DISCONNECTED, at once', async () => {
    await on('ten', async ({ connection, lease }) => {
      const channel = await connection.open('echo up; sleep 60', { stdin: 'none' });
      await channel.stdout.take(1).toArray();
      process.kill(Number(lease.master.pid), 'SIGKILL');
      await expect(channel.exited).rejects.toMatchObject({ code: 'ERR_DISCONNECTED', target: 'ten' });
      expect(connection.poisoned).toBe(true);
      await expect(connection.open('true', { stdin: 'none' })).rejects.toMatchObject({
        code: 'ERR_CHANNEL_OPEN',
      });
    });
  });

  test('a stopped master: no connection after the deadline, no session after the deadline', async () => {
    const transport = createMuxTransport({ connectDeadlineMs: 300, answerDeadlineMs: 300 });
    await on(
      'ten',
      async ({ connection, pool, lease }) => {
        // The session that was opened ahead.
        await (await connection.open('true', { stdin: 'none' })).released;
        process.kill(Number(lease.master.pid), 'SIGSTOP');
        try {
          await expect(connection.open('true', { stdin: 'none' })).rejects.toMatchObject({
            code: 'ERR_CHANNEL_OPEN',
          });
          expect(connection.poisoned).toBe(true);
          await expect(
            createMuxTransport({ connectDeadlineMs: 300 }).connect(lease.master, pool, NEVER),
          ).rejects.toMatchObject({ code: 'ERR_MASTER' });
        } finally {
          process.kill(Number(lease.master.pid), 'SIGCONT');
        }
      },
      transport,
    );
  });
});
