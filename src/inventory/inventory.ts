import type { TargetSpec } from '../core/target.js';
import type { AnsibleModel } from './ansible-model.js';
import type { HostSshOptions } from './ssh-args.js';

/** One host of a hosts file. */
export interface InventoryHost {
  /** The name the file gives it: in a host list the label (`deploy@web1:2222`), else the inventory name. */
  readonly name: string;
  readonly spec: TargetSpec;
  /** `file:line` of its first mention. */
  readonly where: string;
  /** ssh options that the file sets for this host; absent: none. */
  readonly sshOptions?: HostSshOptions;
}

/** What one hosts file, or several together, say. */
export interface Inventory {
  /** By name, in order of first mention. */
  readonly hosts: ReadonlyMap<string, InventoryHost>;
  /** Group to host names, children resolved. */
  readonly groups: ReadonlyMap<string, readonly string[]>;
  /** What an Ansible inventory says before conclusions, so that several files can be read as one. */
  readonly model?: AnsibleModel;
}

/**
 * Turns a host expression (`node[1-3]`, `@web`) into targets; `where` is the place of the text for errors.
 * Passed in, because host expressions may name groups and files that only the caller knows.
 */
export type Expand = (text: string, where: string) => readonly TargetSpec[];
