import { PsshError, usageError } from '../core/errors.js';
import { hostNameFault, userNameFault } from '../core/host-name.js';
import type { ConnectionOptions } from '../core/options.js';
import { show } from '../core/show.js';
import { numberTargets, type Target, type TargetSpec } from '../core/target.js';
import { evaluateExpression } from '../inventory/expression.js';
import { aliasNames } from './alias-names.js';

/** A machine in its parts. */
export interface HostSpec {
  /** An ssh_config alias, a host name or an address: what stands behind `ssh`. */
  readonly host: string;
  /** Login name, `ssh -l`. */
  readonly user?: string;
  /** `ssh -p`. */
  readonly port?: number;
  /** What it is called in results and errors. @default the host as it was written */
  readonly label?: string;
}

/** The hosts of an expression, as `-H` has them: `web[1-20]!web3`, `web*`. @throws PsshError ERR_USAGE */
export function targetsOf(expression: string, connection: ConnectionOptions): Target[] {
  try {
    return numberTargets(evaluateExpression(expression, { names: () => aliasNames(connection) }, 'hosts'));
  } catch (error) {
    if (error instanceof PsshError) throw usageError(error.message, error);
    throw error;
  }
}

/** One machine. @throws PsshError ERR_USAGE */
export function targetOf(host: string | HostSpec, connection: ConnectionOptions): Target {
  if (typeof host === 'object' && host !== null) return { ...checked(host), index: 0 };
  if (typeof host !== 'string')
    throw usageError(`the host is ${host === null ? 'null' : typeof host}; give its name`);
  const [first, ...more] = targetsOf(host, connection);
  if (first === undefined) throw usageError(`${show(host)} names no machine; give a host`);
  if (more.length > 0)
    throw usageError(`${show(host)} names ${more.length + 1} machines; use a Cluster for several`);
  return first;
}

function checked({ host, user, port, label }: HostSpec): TargetSpec {
  const fault = hostNameFault(host) ?? (user === undefined ? null : userNameFault(user));
  if (fault !== null) throw usageError(`${fault}; write it as ssh knows it`);
  if (port !== undefined && !(Number.isInteger(port) && port >= 1 && port <= 65_535))
    throw usageError(`port ${show(String(port))} is none; write a number from 1 to 65535`);
  return {
    host,
    ...(user === undefined ? {} : { user }),
    ...(port === undefined ? {} : { port }),
    label: label ?? `${user === undefined ? '' : `${user}@`}${host}${port === undefined ? '' : `:${port}`}`,
    vars: {},
  };
}
