import { readdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { Owner, ownerPid } from '../../../src/master/owner.js';
import { tempFolder } from '../temp-folder.js';
import { fakeMaster } from './fake-master.js';

const folder = tempFolder();

describe('Owner', () => {
  it('answers with our process id for as long as it is open', async () => {
    const owner = await Owner.open(folder.path);
    expect(readdirSync(folder.path)).toEqual([`o.${owner.id}`]);
    expect(await ownerPid(folder.path, owner.id)).toBe(process.pid);
    expect(await Promise.all([1, 2, 3].map(() => ownerPid(folder.path, owner.id)))).toEqual([
      process.pid,
      process.pid,
      process.pid,
    ]);
    await owner.close();
    expect(readdirSync(folder.path)).toEqual([]);
    expect(await ownerPid(folder.path, owner.id)).toBeNull();
  });

  it('two of one process are two owners', async () => {
    const [one, other] = [await Owner.open(folder.path), await Owner.open(folder.path)];
    expect(one.id).not.toBe(other.id);
    await one.close();
    expect(await ownerPid(folder.path, other.id)).toBe(process.pid);
    await other.close();
  });

  it('ends although somebody who asked does not hang up', async () => {
    const owner = await Owner.open(folder.path);
    const socket = connect({ path: folder.file(`o.${owner.id}`), allowHalfOpen: true });
    await new Promise((resolve) => socket.once('connect', resolve));
    socket.on('error', () => undefined);
    await owner.close();
    socket.destroy();
  });

  it('fails where there is no folder', async () => {
    await expect(Owner.open(folder.file('missing'))).rejects.toThrow(/EACCES|ENOENT/);
  });
});

describe('ownerPid', () => {
  it('is null where nobody listens: a dead owner leaves its socket behind', async () => {
    expect(await ownerPid(folder.path, '0000000')).toBeNull();
    writeFileSync(folder.file('o.0000001'), '');
    expect(await ownerPid(folder.path, '0000001')).toBeNull();
  });

  it('is 0, alive, for one that answers nothing of use', async () => {
    const odd = await fakeMaster(folder.file('o.0000002'), (socket) => socket.end('no number'));
    expect(await ownerPid(folder.path, '0000002')).toBe(0);
    await odd.close();
  });

  it('is 0, alive, for one that is stopped', async () => {
    const stopped = await fakeMaster(folder.file('o.0000003'), () => undefined);
    expect(await ownerPid(folder.path, '0000003')).toBe(0);
    await stopped.close();
  });
});
