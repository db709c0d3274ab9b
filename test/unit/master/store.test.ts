import { readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { newMasterId, newOwnerId, type SocketName, socketName } from '../../../src/master/names.js';
import { Owner } from '../../../src/master/owner.js';
import { type MasterRecord, MasterStore } from '../../../src/master/store.js';
import { hasDependents } from '../../../src/master/via.js';
import { tempFolder } from '../temp-folder.js';
import { alive, type FakeMaster, fakeMaster } from './fake-master.js';

const folder = tempFolder();
const running: (FakeMaster | Owner)[] = [];
afterEach(async () => {
  for (const one of running.splice(0)) await one.close();
});

const HASH = '0123456789ab';
const free = (id = newMasterId()): SocketName => ({ hash: HASH, id, owner: null });
const record = (rest: Partial<MasterRecord> = {}): MasterRecord => ({
  host: 'web1',
  user: null,
  port: 22,
  label: 'web1:22',
  // Nobody's.
  pid: 999_999_999,
  startedAt: '2026-01-02T03:04:05.678Z',
  persistSeconds: 600,
  address: '10.0.0.1',
  ...rest,
});
// The mark of the last sweep is there from the first one on.
const files = (): string[] =>
  readdirSync(folder.path)
    .filter((file) => file !== 'swept')
    .sort();

describe('what a refused session taught', () => {
  it('is kept, and forgotten after a day', async () => {
    const store = new MasterStore(folder.path);
    expect(await store.readCap(HASH)).toBeNull();
    await store.writeCap(HASH, 2);
    await store.sweep('0000000');
    expect(await store.readCap(HASH)).toBe(2);
    const file = folder.file(`${HASH}.cap`);
    const yesterday = Date.now() / 1000 - 25 * 3600;
    utimesSync(file, yesterday, yesterday);
    rmSync(folder.file('swept'));
    await store.sweep('0000000');
    expect(await store.readCap(HASH)).toBeNull();
  });

  it.each(['', '0', '-1', 'many', '99999'])('is not taken from a file with %j', async (text) => {
    writeFileSync(folder.file(`${HASH}.cap`), text);
    expect(await new MasterStore(folder.path).readCap(HASH)).toBeNull();
  });
});

async function liveOwner(): Promise<string> {
  const owner = await Owner.open(folder.path);
  running.push(owner);
  return owner.id;
}

async function liveMaster(name: SocketName): Promise<FakeMaster> {
  const master = await fakeMaster(folder.file(socketName(name)), alive(4242));
  running.push(master);
  return master;
}

function deadSocket(name: SocketName): string {
  writeFileSync(folder.file(socketName(name)), '');
  return socketName(name);
}

describe('take', () => {
  it('of 20 at once exactly one gets the master', async () => {
    for (let round = 0; round < 20; round += 1) {
      const store = new MasterStore(folder.path);
      const name = free();
      deadSocket(name);
      const owners = Array.from({ length: 20 }, newOwnerId);
      const taken = await Promise.all(owners.map((owner) => store.take(name, owner)));
      const winners = taken.filter((one) => one !== null);
      expect(winners).toHaveLength(1);
      expect(await store.sockets()).toEqual(winners);
      await store.remove(winners[0] as SocketName);
    }
  });

  it('is null for one that is gone, and hands back', async () => {
    const store = new MasterStore(folder.path);
    const name = free();
    expect(await store.take(name, newOwnerId())).toBeNull();
    deadSocket(name);
    const mine = await store.take(name, newOwnerId());
    expect(mine).not.toBeNull();
    expect(await store.take(mine as SocketName, null)).toEqual(name);
    expect(files()).toEqual([socketName(name)]);
  });

  it('under another hash takes the record along', async () => {
    const store = new MasterStore(folder.path);
    const name = free();
    deadSocket(name);
    await store.writeRecord(name, record());
    const jump = { hash: 'ba0123456789', id: name.id, owner: newOwnerId() };
    expect(await store.takeAs(name, jump.owner, jump.hash)).toEqual(jump);
    expect(await store.readRecord(jump)).toEqual(record());
    expect(files()).toEqual([socketName(jump), `ba0123456789.${name.id}.json`].sort());
  });

  it('says so when the folder is not there', async () => {
    const store = new MasterStore(folder.file('missing'));
    expect(await store.take(free(), null)).toBeNull();
    expect(() => store.sockets()).toThrow('ENOENT');
  });
});

describe('records', () => {
  it('are private, and read as written whoever has the master', async () => {
    const store = new MasterStore(folder.path);
    const name = free();
    await store.writeRecord(name, record());
    expect(statSync(folder.file(`${HASH}.${name.id}.json`)).mode & 0o777).toBe(0o600);
    expect(await store.readRecord({ ...name, owner: newOwnerId() })).toEqual(record());
  });

  it('are null when missing or cut', async () => {
    const store = new MasterStore(folder.path);
    const name = free();
    expect(await store.readRecord(name)).toBeNull();
    writeFileSync(folder.file(`${HASH}.${name.id}.json`), '{"host":"we');
    expect(await store.readRecord(name)).toBeNull();
  });

  it('go with the socket', async () => {
    const store = new MasterStore(folder.path);
    const [name, other] = [free(), free()];
    for (const one of [name, other]) {
      deadSocket(one);
      await store.writeRecord(one, record());
    }
    await store.remove(name);
    await store.remove(name);
    expect(files()).toEqual([socketName(other), `${HASH}.${other.id}.json`].sort());
  });
});

describe('sweep', () => {
  it('frees the masters of dead owners and removes what else they left', async () => {
    const dead = newOwnerId();
    const name = { ...free(), owner: dead };
    deadSocket(name);
    const store = new MasterStore(folder.path);
    await store.writeRecord(name, record());
    for (const left of [`o.${dead}`, `s.${dead}.1`, `s.${dead}.23`, `${HASH}.zzzz.${dead}.aBcDeFgHiJkLmNoP`])
      writeFileSync(folder.file(left), '');
    await store.sweep('sweeper');
    expect(files()).toEqual([socketName({ ...name, owner: null }), `${HASH}.${name.id}.json`].sort());
  });

  it('touches nothing of a live owner, nor what is not ours', async () => {
    const owner = await liveOwner();
    deadSocket({ ...free(), owner });
    for (const kept of [
      `s.${owner}.1`,
      `${HASH}.zzzz.${owner}.aBcDeFgHiJkLmNoP`,
      'README',
      `o.${newOwnerId()}.new`,
    ])
      writeFileSync(folder.file(kept), '');
    const before = files();
    await new MasterStore(folder.path).sweep('sweeper');
    expect(files()).toEqual(before);
  });

  it('leaves a free master alone while its time to persist is not over', async () => {
    const store = new MasterStore(folder.path);
    const name = free();
    const master = await liveMaster(name);
    await store.writeRecord(name, record());
    await store.sweep('sweeper');
    expect(await store.sockets()).toEqual([name]);
    expect(master.connections()).toBe(0);
  });

  it('asks a free one that is over its time: a live one stays free, a dead one goes with its record', async () => {
    const store = new MasterStore(folder.path);
    const [live, dead] = [free(), free()];
    const master = await liveMaster(live);
    deadSocket(dead);
    for (const name of [live, dead]) await store.writeRecord(name, record({ persistSeconds: 0 }));
    await store.sweep('sweeper');
    expect(master.connections()).toBe(1);
    expect(files()).toEqual([socketName(live), `${HASH}.${live.id}.json`].sort());
  });

  it('by several processes at once is as by one', async () => {
    const dead = newOwnerId();
    const names = Array.from({ length: 5 }, () => ({ ...free(), owner: dead }));
    const store = new MasterStore(folder.path);
    for (const name of names) {
      deadSocket(name);
      await store.writeRecord(name, record());
    }
    writeFileSync(folder.file(`s.${dead}.1`), '');
    await Promise.all(Array.from({ length: 8 }, () => new MasterStore(folder.path).sweep('sweeper')));
    expect(files()).toEqual(
      names.flatMap(({ id }) => [socketName({ hash: HASH, id, owner: null }), `${HASH}.${id}.json`]).sort(),
    );
  });
});

describe('hasDependents', () => {
  it('finds the masters that go through one by its name, whoever has them', async () => {
    const store = new MasterStore(folder.path);
    const [bastion, other, host] = [free('aaaa'), free('bbbb'), free('cccc')];
    for (const name of [bastion, other, host]) deadSocket(name);
    const via = { label: 'bastion', master: `${HASH}.aaaa` };
    await store.writeRecord(host, record({ via }));
    expect(await hasDependents(store, { ...bastion, owner: newOwnerId() })).toBe(true);
    expect(await hasDependents(store, other)).toBe(false);
    await store.remove(host);
    expect(await hasDependents(store, bastion)).toBe(false);
  });
});
