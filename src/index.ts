export { type ErrorCode, PsshError } from './core/errors.js';
export type { Output } from './core/output.js';
export type { HostResult, ResultError, Status } from './core/result.js';
export type { Target } from './core/target.js';
