export { Cluster, type ClusterHost, type ClusterResult, type ClusterTransfer } from './cluster.js';
export type {
  CanceledResult,
  CommandEvent,
  CommandResult,
  ConnectionResult,
  EndedCommand,
  FailedResult,
  FinishedEvent,
  OkResult,
  SignaledResult,
  SkippedResult,
  TimedOutResult,
} from './core/command-result.js';
export { type ErrorCode, PsshError, type PsshErrorOptions } from './core/errors.js';
export type { OutputEvent, RunEvent, RunSummary, StreamName } from './core/events.js';
export type { TransferredFile } from './core/files.js';
export type { TransportChoice } from './core/options.js';
export type { Output } from './core/output.js';
export type { HostResult, ResultError, Status } from './core/result.js';
export type { HostSshOptions, Target } from './core/target.js';
export type {
  CanceledTransfer,
  ConnectionTransfer,
  FailedTransfer,
  FinishedTransferEvent,
  OkTransfer,
  SkippedTransfer,
  TimedOutTransfer,
  TransferEvent,
  TransferResult,
} from './core/transfer-result.js';
export type { ClusterState, MachineState } from './library/cluster-state.js';
export type { ClusterGetOptions, GetOptions, PutOptions } from './library/file-options.js';
export type {
  ClusterOptions,
  CommandOptions,
  ConnectOptions,
  Duration,
  HostCount,
  MachineOptions,
} from './library/options.js';
export type { RunOutcome } from './library/run-hosts.js';
export type { SecretOption } from './library/secrets.js';
export type { HostSpec } from './library/targets.js';
export type { TemplateValue } from './library/template.js';
export type { PathOf, TransferOutcome } from './library/transfer-hosts.js';
export { Machine, type RemoteProcess, type SpawnOptions } from './machine.js';
