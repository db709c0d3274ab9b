// The library under a test runner that is not vitest, and on runtimes that are not Node: what any program does with it.
// test/integration/library-runners.test.ts starts it, with the fleet's ssh_config in LIBRARY_SSH_CONFIG.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** @param {typeof import('pssh-ts')} library @param {(name: string, work: () => Promise<void>) => void} test */
export function libraryTests({ Cluster, Machine, PsshError }, test) {
  const options = { sshConfig: process.env.LIBRARY_SSH_CONFIG, connectTimeout: '60s' };

  test('commands and their endings', async () => {
    const machine = new Machine('node1', options);
    try {
      const results = await machine.execute(['echo $FLEET_HOST', 'cat', 'exit 3'], { stdin: 'input' });
      assert.deepEqual(
        results.map(({ status, stdout }) => [status, stdout.text()]),
        [
          ['ok', 'node1\n'],
          ['ok', 'input'],
          ['failed', ''],
        ],
      );
      const late = await machine.execute('sleep 98771', { timeout: '500ms' });
      assert.deepEqual([late.status, late.killed], ['timed-out', 'confirmed']);
      const canceled = await machine.execute('sleep 98771', { signal: AbortSignal.timeout(500) });
      assert.deepEqual([canceled.status, canceled.killed], ['canceled', 'confirmed']);
    } finally {
      await machine.close();
    }
  });

  test('streams carry bytes both ways', async () => {
    const machine = new Machine('node1', { ...options, transport: 'mux' });
    try {
      const bytes = Buffer.from(Array.from({ length: 3_000_000 }, (_, place) => (place * 7919) % 251));
      const cat = await machine.spawn('cat');
      cat.stderr.resume();
      cat.stdin.end(bytes);
      const pieces = [];
      for await (const piece of cat.stdout) pieces.push(piece);
      assert.ok(Buffer.concat(pieces).equals(bytes));
      assert.equal((await cat.exited).status, 'ok');
    } finally {
      await machine.close();
    }
  });

  test('a cluster, its events, one that can not be reached, over both transports', async () => {
    for (const transport of /** @type {const} */ (['mux', 'process'])) {
      const cluster = new Cluster('node[1-3]', { ...options, transport });
      try {
        await cluster.addMachine('dead');
        const lines = new Set();
        for await (const event of cluster.stream('echo $FLEET_HOST'))
          if (event.type === 'output') lines.add(Buffer.from(event.data).toString());
        assert.deepEqual([...lines].sort(), ['node1\n', 'node2\n', 'node3\n']);
        const { ok, failed } = await cluster.execute('true');
        assert.deepEqual([ok, failed.map(({ status }) => status)], [false, ['unreachable']]);
      } finally {
        await cluster.close();
      }
      await assert.rejects(cluster.execute('true'), PsshError);
    }
  });

  test('files there and back', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'runner-'));
    const machine = new Machine('node1', options);
    try {
      writeFileSync(join(folder, 'file'), 'content');
      const sent = await machine.put(join(folder, 'file'), join(folder, 'there'), { verify: true });
      assert.deepEqual([sent.status, sent.files.length], ['ok', 1]);
      const got = await machine.get(join(folder, 'there'), join(folder, 'back'));
      assert.deepEqual([got.status, readFileSync(join(folder, 'back', 'there'), 'utf8')], ['ok', 'content']);
    } finally {
      await machine.close();
      rmSync(folder, { recursive: true });
    }
  });
}
