import { mkdirSync, writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { aliveCheck, type ControlFault, terminateMaster } from '../../../src/master/control.js';
import { tempFolder } from '../temp-folder.js';
import { alive, answer, type FakeMaster, fakeMaster, HELLO, packet } from './fake-master.js';

const folder = tempFolder();
let master: FakeMaster | null = null;
afterEach(async () => {
  await master?.close();
  master = null;
});

// Long for whoever answers; those who do not are asked with a short one.
const LONG = 15_000;
const SHORT = 50;

async function listen(greet: (socket: Socket) => void): Promise<string> {
  const path = folder.file('c');
  master = await fakeMaster(path, greet);
  return path;
}

async function faultOf(path: string, deadlineMs = LONG): Promise<ControlFault | 'none'> {
  try {
    await aliveCheck(path, deadlineMs);
    return 'none';
  } catch (error) {
    expect(error).toMatchObject({ name: 'ControlError' });
    return (error as { fault: ControlFault }).fault;
  }
}

describe('aliveCheck', () => {
  it('gives the process id of a master, after exactly one hello and one request', async () => {
    const path = await listen(alive(4242));
    expect(await aliveCheck(path, LONG)).toBe(4242);
    expect(master?.received()).toEqual(Buffer.concat([packet(1, 4), packet(0x10000004, 0)]));
  });

  it('reads an answer that comes byte by byte', async () => {
    const path = await listen((socket) => {
      socket.setNoDelay(true);
      const bytes = Buffer.concat([HELLO, packet(0x80000005, 0, 7)]);
      const send = (place: number): void => {
        if (place < bytes.length)
          socket.write(bytes.subarray(place, place + 1), () => setImmediate(send, place + 1));
      };
      send(0);
    });
    expect(await aliveCheck(path, LONG)).toBe(7);
  });

  it('takes a hello with extensions', async () => {
    const path = await listen((socket) => {
      socket.write(Buffer.concat([packet(1, 4, 0, 0), packet(0x80000005, 0, 9)]));
    });
    expect(await aliveCheck(path, LONG)).toBe(9);
  });

  it.each<[string, (socket: Socket) => void]>([
    ['says nothing, as a stopped master', () => undefined],
    ['greets and then says nothing', (socket) => socket.write(HELLO)],
    ['sends a part of a packet', (socket) => socket.write(HELLO.subarray(0, 7))],
    ['sends less than a length', (socket) => socket.write('SSH')],
    ['promises more than it sends', (socket) => socket.write(Buffer.from([0, 3, 255, 255, 1, 2]))],
  ])('gives up on a peer that %s', async (_what, greet) => {
    expect(await faultOf(await listen(greet), SHORT)).toBe('silent');
  });

  it.each<[string, Buffer]>([
    ['an ssh server', Buffer.from('SSH-2.0-OpenSSH_9.2\r\n')],
    ['a web server', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')],
    ['a huge length', Buffer.from([0xff, 0xff, 0xff, 0xff])],
    ['a length just too large', Buffer.from([0, 4, 0, 1])],
    ['a length of nothing', Buffer.from([0, 0, 0, 0, 0, 0, 0, 0])],
    ['a length less than a word', Buffer.from([0, 0, 0, 3, 1, 2, 3])],
    ['zeroes', Buffer.alloc(64)],
    ['another version', packet(1, 5)],
    ['no hello', packet(0x80000005, 0, 1)],
    ['a hello without its version', packet(1)],
    ['a refusal', Buffer.concat([HELLO, packet(0x80000003, 0, 0)])],
    ['an answer without its process id', Buffer.concat([HELLO, packet(0x80000005, 0)])],
  ])('knows %s for foreign, and does not wait', async (_what, bytes) => {
    const path = await listen((socket) => socket.write(bytes));
    expect(await faultOf(path)).toBe('foreign');
  });

  it.each<[string, (socket: Socket) => void]>([
    ['at once', (socket) => socket.destroy()],
    ['after its hello', (socket) => socket.end(HELLO)],
    [
      'in the middle of a packet',
      (socket) => socket.end(Buffer.concat([HELLO, Buffer.from([0, 0, 0, 12, 1])])),
    ],
  ])('a peer that closes %s is dead', async (_what, greet) => {
    expect(await faultOf(await listen(greet))).toBe('dead');
  });

  it('tells what is missing from what is dead', async () => {
    expect(await faultOf(folder.file('nothing'))).toBe('missing');
    writeFileSync(folder.file('plain'), '');
    expect(await faultOf(folder.file('plain'))).toBe('dead');
    mkdirSync(folder.file('folder'));
    expect(await faultOf(folder.file('folder'))).toBe('dead');
  });
});

describe('terminateMaster', () => {
  it('asks once and takes the OK', async () => {
    const path = await listen(answer(packet(0x80000001, 0)));
    await terminateMaster(path, LONG);
    expect(master?.received()).toEqual(Buffer.concat([packet(1, 4), packet(0x10000005, 0)]));
  });

  it('says so when the master refuses or does not answer', async () => {
    const path = await listen((socket) => socket.write(Buffer.concat([HELLO, packet(0x80000002, 0)])));
    await expect(terminateMaster(path, LONG)).rejects.toMatchObject({ fault: 'foreign' });
    await master?.close();
    await expect(terminateMaster(await listen(() => undefined), SHORT)).rejects.toMatchObject({
      fault: 'silent',
    });
  });
});
