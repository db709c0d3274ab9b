/** A host that moves files and runs nothing (ForceCommand internal-sftp): each command says so, and nothing half is left. */
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseRun } from './cli.js';
import { fileScene } from './file-scene.js';

const scene = fileScene(() => [{ name: 'sftp', sshd: ['ForceCommand internal-sftp'] }, { name: 'well' }]);
const SAYS = 'This service allows sftp connections only.';

describe.each(['mux', 'process', '--no-mux'])('over %s', (way) => {
  const run = (...words: readonly string[]) => {
    const args = way === '--no-mux' ? ['--no-mux'] : [];
    scene.transport = way === '--no-mux' ? 'auto' : way;
    return scene.run([...args, '-t', '30', '-H', 'sftp,well', ...words]);
  };
  const home = (): string => join(scene.fleet.dir, 'hosts', 'sftp', 'home');

  test('exec fails there with the server’s words, at once, and other hosts go on', async () => {
    const result = await run('exec', '--json', '-u', '20', 'touch ran; echo ran');
    const [sftp, well] = parseRun(result).results;
    expect(sftp).toMatchObject({ status: 'failed', exitCode: 1, killed: null });
    expect(`${sftp?.stdout}${sftp?.stderr}`).toContain(SAYS);
    expect(well).toMatchObject({ status: 'ok', stdout: 'ran\n' });
    expect(result.code).toBe(5);
    expect(existsSync(join(home(), 'ran'))).toBe(false);
  });

  // Files need a connection that several sessions share.
  if (way === '--no-mux') return;

  test('put and get say that it runs nothing, by all means, and leave nothing', async () => {
    writeFileSync(scene.local('file'), 'x');
    mkdirSync(scene.local('tree'));
    writeFileSync(scene.local('tree', 'inside'), 'x');
    for (const via of ['auto', 'tar', 'scp', 'rsync'])
      for (const words of [
        ['put', '--via', via, 'file', 'put.txt'],
        ['put', '--via', via, '-r', 'tree', 'put-tree'],
        ['get', '--via', via, '/etc/hostname', 'got'],
      ]) {
        const result = await run(...words, '--json');
        const [sftp] = parseRun(result).results;
        expect([words, sftp?.status, sftp?.error?.code]).toEqual([words, 'failed', 'ERR_TRANSFER']);
        expect(sftp?.error?.message).toMatch(/forced command|allows sftp connections only/);
        expect(result.code).toBe(5);
      }
    expect(readdirSync(home()).filter((name) => !name.startsWith('.'))).toEqual([]);
    const got = scene.local('got', 'sftp');
    expect(existsSync(got) ? readdirSync(got) : []).toEqual([]);
  });

  test('sync, a script and a job fail there and say so', async () => {
    writeFileSync(scene.local('run.sh'), '#!/bin/sh\necho ran\n');
    mkdirSync(scene.local('site'));
    const results = await Promise.all([
      run('sync', '--json', 'site/', ':copy'),
      run('exec', '--json', '--script', 'run.sh'),
      run('exec', '--json', '--detach', 'job', 'true'),
    ]);
    for (const result of results) {
      const [sftp] = parseRun(result).results;
      expect(sftp?.status).toBe('failed');
      expect(`${sftp?.stdout}${sftp?.stderr}${sftp?.error?.message}`).toMatch(
        /allows sftp connections only|forced command|protocol|connection unexpectedly closed/,
      );
      expect(result.code).toBe(5);
    }
    await run('jobs', 'clean', 'job');
  });
});
