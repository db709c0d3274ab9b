import type { ResultError } from '../core/result.js';
import type { Host } from './host.js';

/** What is known of one machine. */
export interface MachineState {
  /** The machine as it was written. */
  readonly name: string;
  /** `new`: not tried yet. `dead`: not possible, or not any more. */
  readonly state: 'alive' | 'dead' | 'new';
  /** The address really connected to; null while it is not connected, and where only a proxy knows. */
  readonly address: string | null;
  /** Why it is dead, in ssh's words where ssh gave any. */
  readonly error: ResultError | null;
}

/** What is known of a cluster. As text, a line a machine. */
export interface ClusterState {
  readonly total: number;
  readonly alive: number;
  readonly dead: number;
  readonly machines: readonly MachineState[];
  /** A line a machine, for people. */
  toString(): string;
}

export function clusterState(hosts: readonly Host[]): ClusterState {
  const machines = hosts.map(machineState);
  const count = (wanted: MachineState['state']): number =>
    machines.filter(({ state }) => state === wanted).length;
  const width = Math.max(0, ...machines.map(({ name }) => name.length));
  return {
    total: machines.length,
    alive: count('alive'),
    dead: count('dead'),
    machines,
    toString: () => machines.map((machine) => stateLine(machine, width)).join('\n'),
  };
}

function machineState({ target, alive, address, fault }: Host): MachineState {
  const error = fault === null ? null : { code: fault.code, message: fault.message };
  const state = alive ? 'alive' : error === null ? 'new' : 'dead';
  return { name: target.label, state, address, error };
}

function stateLine({ name, state, address, error }: MachineState, width: number): string {
  const more = error === null ? (address ?? '') : `${error.message} (${error.code})`;
  return `${name.padEnd(width)}  ${state.padEnd(5)}  ${more}`.trimEnd();
}
