import { beforeEach, describe, expect, it } from 'vitest';
import { PasswordProof } from '../../../src/ssh/password-proof.js';

describe('PasswordProof', () => {
  let proof: PasswordProof;
  let told: string[];
  const logins = { a: {}, b: {}, c: {} };
  const ask = (name: keyof typeof logins): void =>
    proof.ask(logins[name], name, (turn) =>
      told.push(turn.kind === 'answer' ? `${name} answer` : `${name} refuse, tried at ${turn.triedAt}`),
    );
  beforeEach(() => {
    proof = new PasswordProof();
    told = [];
    ask('a');
    ask('b');
  });

  it('lets one login try, and the others when that was right', () => {
    expect(told).toEqual(['a answer']);
    expect([proof.isWaiting(logins.a), proof.isWaiting(logins.b)]).toEqual([false, true]);
    proof.settle(logins.a, 'right');
    ask('c');
    expect(told).toEqual(['a answer', 'b answer', 'c answer']);
    // Later a host that refuses it is a matter of that host.
    proof.settle(logins.b, 'failed');
    ask('b');
    expect(told.at(-1)).toBe('b answer');
  });

  it('refuses all others once it failed', () => {
    proof.settle(logins.a, 'failed');
    ask('c');
    expect(told).toEqual(['a answer', 'b refuse, tried at a', 'c refuse, tried at a']);
  });

  it('passes the turn on where the one that tried was given up', () => {
    proof.settle(logins.a, 'canceled');
    expect(told).toEqual(['a answer', 'b answer']);
    ask('c');
    proof.settle(logins.b, 'right');
    expect(told.at(-1)).toBe('c answer');
  });

  it('forgets who ends while waiting', () => {
    proof.settle(logins.b, 'failed');
    expect(proof.isWaiting(logins.b)).toBe(false);
    proof.settle(logins.a, 'right');
    expect(told).toEqual(['a answer']);
  });
});
