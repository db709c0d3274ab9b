import type { TargetSpec } from '../../core/target.js';

/** @default of {@link ExpressionContext.limit} */
export const DEFAULT_LIMIT = 1_000_000;

/** What an expression can refer to; each part is optional, and using a missing one is an error. */
export interface ExpressionContext {
  /** Hosts of `@name`, or of every group for `*`; undefined: no such group. */
  group?(name: string): readonly TargetSpec[] | undefined;
  /** Every group's name, for `@web*` and for the near names of an unknown one. */
  groupNames?(): readonly string[];
  /** Hosts of `^FILE`, read by the caller beforehand; throws its own error. */
  file?(path: string): readonly TargetSpec[];
  /** What wildcards (`web*`, `?`) choose from: ssh_config aliases and inventory names. */
  names?(): Iterable<string>;
  /**
   * The inventory's spec of a name, so that `web1` has the inventory's user, port and variables; undefined: the
   * name is all there is. A name it knows must be among `names`, where that is given.
   */
  lookup?(name: string): TargetSpec | undefined;
  /**
   * The most hosts an expression may give.
   * @default 1_000_000
   */
  readonly limit?: number;
}
