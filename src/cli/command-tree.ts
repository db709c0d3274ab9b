import type { Command } from 'commander';

const missing = new WeakMap<Command, () => void>();

/** Keeps commands out of the tree until they are asked for: giving all of them their options takes a while. */
export function leaveForLater(program: Command, add: () => void): void {
  missing.set(program, add);
}

/** Adds what was left out: for help, for hints, and to know every option there is. */
export function completeTree(program: Command): void {
  const add = missing.get(program);
  missing.delete(program);
  add?.();
}
