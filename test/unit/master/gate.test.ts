import { describe, expect, it } from 'vitest';
import { Gate, Gates, type Pass } from '../../../src/master/gate.js';

const NEVER = new AbortController().signal;

/** How many may log in now; those that may are handed back. */
async function enterAll(gate: Gate, count: number): Promise<Pass[]> {
  const passes: Pass[] = [];
  for (let index = 0; index < count; index += 1) {
    void gate.enter(NEVER).then((pass) => passes.push(pass));
  }
  await new Promise((resolve) => setImmediate(resolve));
  return passes;
}

describe('Gate', () => {
  it('lets everybody in while nothing is dropped', async () => {
    const passes = await enterAll(new Gate(), 500);
    expect(passes).toHaveLength(500);
    expect(passes.map((pass) => pass.leave('other')).includes(true)).toBe(false);
  });

  it('halves what is dropped together once, and none of it counts as a try', async () => {
    const gate = new Gate();
    const first = await enterAll(gate, 32);
    expect(first.map((pass) => pass.leave('dropped'))).toEqual(first.map(() => true));
    const second = await enterAll(gate, 32);
    expect(second).toHaveLength(16);
    for (const pass of second) pass.leave('dropped');
  });

  it('grows by one for a round of successes', async () => {
    const gate = new Gate();
    for (const pass of await enterAll(gate, 8)) pass.leave('dropped');
    for (const pass of await enterAll(gate, 4)) pass.leave('ok');
    for (const pass of await enterAll(gate, 4)) pass.leave('ok');
    expect(await enterAll(gate, 32)).toHaveLength(5);
  });

  it('counts the drop of one that was alone', async () => {
    const gate = new Gate();
    const [only] = await enterAll(gate, 1);
    expect(only?.leave('dropped')).toBe(false);
  });

  it('gives up slowing down for a server that grants nobody anything', async () => {
    const gate = new Gate();
    for (const pass of await enterAll(gate, 2)) pass.leave('dropped');
    for (let tries = 0; tries < 3; tries += 1) {
      const alone = await enterAll(gate, 1);
      expect(alone.map((pass) => pass.leave('dropped'))).toEqual([false]);
    }
    const all = await enterAll(gate, 32);
    expect(all).toHaveLength(32);
    expect(all.map((pass) => pass.leave('dropped')).includes(true)).toBe(false);
  });

  it('lets one that has given up out of the line, and leaves no place lost', async () => {
    const gate = new Gate();
    for (const pass of await enterAll(gate, 2)) pass.leave('dropped');
    const [inside] = await enterAll(gate, 1);
    const given = new AbortController();
    const refused = gate.enter(given.signal).catch((error: unknown) => error);
    const next = gate.enter(NEVER);
    given.abort(new Error('over'));
    expect(await refused).toMatchObject({ message: 'over' });
    inside?.leave('other');
    inside?.leave('other');
    expect((await next).leave('ok')).toBe(false);
    await expect(gate.enter(given.signal)).rejects.toThrow('over');
  });
});

describe('Gates', () => {
  it('has one for each server', () => {
    const gates = new Gates();
    expect(gates.of('a')).toBe(gates.of('a'));
    expect(gates.of('a')).not.toBe(gates.of('b'));
  });
});
