/** Codes a person can search for; docs/troubleshooting.md has the mend of each. */
export type ErrorCode =
  | 'ERR_USAGE'
  | 'ERR_INVENTORY'
  | 'ERR_SSH_SPAWN'
  | 'ERR_CONNECT'
  | 'ERR_CONNECT_TIMEOUT'
  | 'ERR_RESOLVE'
  | 'ERR_AUTH'
  | 'ERR_HOST_KEY'
  | 'ERR_MASTER'
  | 'ERR_MUX_PROTOCOL'
  | 'ERR_CHANNEL_OPEN'
  | 'ERR_DISCONNECTED'
  | 'ERR_TRANSFER'
  | 'ERR_JOB'
  | 'ERR_CHECK'
  | 'ERR_SUDO';

/** What an error may bring. */
export interface PsshErrorOptions {
  /** Label of the target it happened on. */
  readonly target?: string;
  readonly cause?: unknown;
}

/** The one error class of pssh-ts. */
export class PsshError extends Error {
  override readonly name = 'PsshError';
  readonly code: ErrorCode;
  readonly target: string | undefined;

  /** Made by pssh-ts; a program tells them by their code. */
  constructor(code: ErrorCode, message: string, options: PsshErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.target = options.target;
  }
}

/** Bad input: one line that names the input, where it stands and the mend; exit 2. */
export function usageError(message: string, cause?: unknown): PsshError {
  return new PsshError('ERR_USAGE', message, cause === undefined ? {} : { cause });
}

/** Bad hosts file, expression or group; exit 2. */
export function inventoryError(message: string, cause?: unknown): PsshError {
  return new PsshError('ERR_INVENTORY', message, cause === undefined ? {} : { cause });
}
