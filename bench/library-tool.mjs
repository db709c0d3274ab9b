// One library at one task, in a process of its own; prints what that took as JSON. Started by bench/library.ts:
//     node bench/library-tool.mjs TOOL TASK '{"host", "config", "address", "port", "user", "key"}'
import { readFileSync } from 'node:fs';

const [tool, task, text] = process.argv.slice(2);
const { host, config, address, port, user, key } = JSON.parse(text);

const TIMES = 200;
const AT_ONCE = 50;
const BYTES = 200_000_000;
const OUTPUT = `head -c ${BYTES} /dev/zero`;

async function ours() {
  const { Machine } = await import('pssh-ts');
  const machine = new Machine(host, { sshConfig: config, connectTimeout: '60s' });
  return {
    connect: () => machine.connect(),
    true: async () => (await machine.execute('true')).exitCode,
    stream: async () => {
      const { stdout, stderr, exited } = await machine.spawn(OUTPUT);
      stderr.resume();
      const bytes = await count(stdout);
      return (await exited).exitCode === 0 ? bytes : -1;
    },
    keep: async () => (await machine.execute(OUTPUT, { maxOutput: BYTES * 2 })).stdout.bytes().length,
    close: () => machine.close(),
  };
}

async function ssh2() {
  const { Client } = (await import('ssh2')).default;
  const client = new Client();
  const exec = (command, use) =>
    new Promise((resolve, reject) => {
      client.exec(command, (error, stream) => {
        if (error) reject(error);
        else resolve(use(stream));
      });
    });
  const status = (stream) =>
    new Promise((resolve) => {
      stream.resume();
      stream.stderr.resume();
      stream.on('close', resolve);
    });
  return {
    connect: () =>
      new Promise((resolve, reject) => {
        // Without this each command waits twice for the kernel to send what it holds back.
        client.on('ready', () => resolve(client.setNoDelay(true))).on('error', reject);
        client.connect({ host: address, port, username: user, privateKey: readFileSync(key) });
      }),
    true: () => exec('true', status),
    stream: () => exec(OUTPUT, count),
    keep: () =>
      exec(OUTPUT, async (stream) => {
        const pieces = [];
        for await (const piece of stream) pieces.push(piece);
        return Buffer.concat(pieces).length;
      }),
    close: async () => client.end(),
  };
}

async function nodeSsh() {
  const { NodeSSH } = await import('node-ssh');
  const ssh = new NodeSSH();
  return {
    connect: async () => {
      await ssh.connect({ host: address, port, username: user, privateKeyPath: key });
      ssh.connection.setNoDelay(true);
    },
    true: async () => (await ssh.execCommand('true')).code,
    // It has no streams of its own: those of ssh2 below it.
    stream: () =>
      new Promise((resolve, reject) => {
        ssh.connection.exec(OUTPUT, (error, stream) => (error ? reject(error) : resolve(count(stream))));
      }),
    keep: async () => (await ssh.execCommand(OUTPUT, { noTrim: true })).stdout.length,
    close: async () => ssh.dispose(),
  };
}

async function count(stream) {
  let bytes = 0;
  for await (const piece of stream) bytes += piece.length;
  return bytes;
}

const TASKS = {
  serial: async (made) => {
    for (let time = 0; time < TIMES; time += 1) if ((await made.true()) !== 0) throw new Error('it failed');
    return TIMES;
  },
  parallel: async (made) => {
    const codes = await Promise.all(Array.from({ length: AT_ONCE }, () => made.true()));
    if (codes.some((code) => code !== 0)) throw new Error('one failed');
    return AT_ONCE;
  },
  stream: async (made) => {
    if ((await made.stream()) !== BYTES) throw new Error('bytes are missing');
    return 1;
  },
  keep: async (made) => {
    if ((await made.keep()) !== BYTES) throw new Error('bytes are missing');
    return 1;
  },
};

const made = await { ours, ssh2, 'node-ssh': nodeSsh }[tool]();
await made.connect();
// What is loaded when it is first used is no part of it.
for (let time = 0; time < 5; time += 1) await made.true();
const started = performance.now();
const before = process.cpuUsage();
const runs = await TASKS[task](made);
const { user: own, system } = process.cpuUsage(before);
process.stdout.write(JSON.stringify({ wall: performance.now() - started, cpu: (own + system) / 1000, runs }));
await made.close();
