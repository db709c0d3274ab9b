import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Fleet, startFleet } from '../fleet/fleet.js';
import { leftovers } from '../fleet/leftovers.js';
import { parseRun, runCli } from './cli.js';

// The fleet's own key and known_hosts for an alias that its config does not name.
function identity(config: string): string[] {
  const value = (keyword: string) => new RegExp(`^\\s*${keyword}\\s+(.+)$`, 'm').exec(config)?.[1] ?? '';
  return ['-i', value('IdentityFile'), '-o', `UserKnownHostsFile=${value('UserKnownHostsFile')}`];
}

describe.each(['mux', 'process'])('over %s', (transport) => {
  let fleet: Fleet;
  let env: NodeJS.ProcessEnv;
  beforeAll(async () => {
    fleet = await startFleet({ hosts: [{ name: 'm1' }, { name: 'm2' }, { name: 'm3' }, { name: 'big' }] });
    env = { ...fleet.env, PSSH_TS_TRANSPORT: transport };
  });
  afterAll(async () => {
    await runCli(['masters', 'close'], { env });
    await fleet.stop();
  });

  const run = (args: readonly string[]) => runCli(['-F', fleet.configPath, ...args], { env });
  const sockets = async (): Promise<string[]> => {
    const files = await readdir(join(fleet.env.XDG_RUNTIME_DIR ?? '', 'pssh-ts'));
    return files.filter((file) => !file.endsWith('.json') && file !== 'swept' && !file.startsWith('code.'));
  };

  const mastersLeft = async (): Promise<string[]> => {
    const { processes } = await leftovers(fleet.dir);
    return processes.map(({ args }) => args).filter((args) => args.startsWith('ssh '));
  };

  test('the second run makes no new login, and after masters close none is left', async () => {
    await run(['-H', 'm1,m2,m3', 'exec', 'true']);
    expect(await Promise.all(['m1', 'm2', 'm3'].map((name) => fleet.logins(name)))).toEqual([1, 1, 1]);
    const again = parseRun(await run(['-H', 'm1,m2,m3', 'exec', '--json', 'true']));
    expect(again.results.map(({ status, attempts }) => [status, attempts])).toEqual([
      ['ok', 0],
      ['ok', 0],
      ['ok', 0],
    ]);
    expect(await Promise.all(['m1', 'm2', 'm3'].map((name) => fleet.logins(name)))).toEqual([1, 1, 1]);

    const list = await run(['masters', 'list']);
    expect(list.out.split('\n').map((line) => line.split(' ')[0])).toEqual(['HOST', 'm1', 'm2', 'm3', '']);
    const json = JSON.parse((await run(['masters', 'list', '--json'])).out) as {
      masters: { pid: number; label: string }[];
    };
    for (const { pid } of json.masters) process.kill(pid, 0);

    expect((await run(['masters', 'close', 'm2'])).err).toContain('1 closed');
    expect((await run(['masters', 'list'])).out).not.toContain('m2');
    await run(['masters', 'close']);
    expect(await sockets()).toEqual([]);
    expect(await mastersLeft()).toEqual([]);
  });

  test('--persist 0 leaves no connection behind', async () => {
    const result = await run(['--persist', '0', '-H', 'm1,m2', 'exec', 'true']);
    expect(result.code).toBe(0);
    expect(await sockets()).toEqual([]);
  });

  test('where CI is set nothing persists by itself', async () => {
    await runCli(['-F', fleet.configPath, '-H', 'm1', 'exec', 'true'], { env: { ...env, CI: 'true' } });
    expect(await sockets()).toEqual([]);
  });

  test('a changed HostName of an alias reaches the new machine', async () => {
    const { address: first, port: firstPort } = fleet.host('m1');
    const { address: second, port: secondPort } = fleet.host('m2');
    const config = await readFile(fleet.configPath, 'utf8');
    const file = join(fleet.dir, 'moving_config');
    const write = (address: string, port: number | null, key: string) =>
      writeFile(
        file,
        `Host moving\n  HostName ${address}\n  Port ${port}\n  HostKeyAlias ${key}\nInclude ${fleet.configPath}\n`,
      );
    const known = await readFile(join(fleet.dir, 'known_hosts'), 'utf8');
    expect(known).not.toBe('');
    expect(config).toContain('Host m1');
    const ask = () =>
      runCli(['-F', file, ...identity(config), '-H', 'moving', 'exec', '-N', 'echo $FLEET_HOST'], {
        env,
      });
    await write(first, firstPort, `[${first}]:${firstPort}`);
    expect((await ask()).out).toBe('m1\n');
    await write(second, secondPort, `[${second}]:${secondPort}`);
    expect((await ask()).out).toBe('m2\n');
  });

  test('two runs at once on the same hosts are both ok, and hand their masters back', async () => {
    await run(['masters', 'close']);
    const args = ['-H', 'm1,m2,m3', 'exec', '--json', 'echo $FLEET_HOST'];
    const both = await Promise.all([run(args), run(args)]);
    for (const result of both) {
      expect(parseRun(result).results.map(({ stdout }) => stdout)).toEqual(['m1\n', 'm2\n', 'm3\n']);
    }
    expect((await sockets()).length).toBeGreaterThanOrEqual(3);
  });

  test('a socket whose master is dead is replaced by a new login', async () => {
    await run(['masters', 'close']);
    await run(['-H', 'm3', 'exec', 'true']);
    const { masters } = JSON.parse((await run(['masters', 'list', '--json'])).out) as {
      masters: { pid: number }[];
    };
    expect(masters).toHaveLength(1);
    process.kill(masters[0]?.pid ?? 0, 'SIGKILL');
    const result = parseRun(await run(['-H', 'm3', 'exec', '--json', 'echo $FLEET_HOST']));
    expect(result.results[0]).toMatchObject({ status: 'ok', stdout: 'm3\n', attempts: 1 });
  });

  test('200 targets at fanout 32 on one sshd: all 200 results, nothing left', async () => {
    await run(['masters', 'close']);
    const names = Array.from({ length: 200 }, (_, index) => `t${index + 1}`);
    for (const name of names) await fleet.addHost({ name, sameServerAs: 'big' });
    const result = await run([
      '-f',
      '32',
      '-t',
      '60',
      '--persist',
      '0',
      '-H',
      't[1-200]',
      'exec',
      '--json',
      'echo $PSSH_HOST',
    ]);
    const { results, summary } = parseRun(result);
    expect(summary).toMatchObject({ total: 200, ok: 200 });
    expect(results.map(({ stdout }) => stdout)).toEqual(names.map((name) => `${name}\n`));
    expect(result.code).toBe(0);
    expect(await mastersLeft()).toEqual([]);
  }, 180_000);
});
