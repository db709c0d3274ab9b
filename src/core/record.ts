import type { HostResult, ResultError, Status } from './result.js';
import type { HostSshOptions } from './target.js';

export const RECORD_SCHEMA = 'pssh-ts/record@1';

/** What is left of a run: what was asked for, and how it ended on each host. No values of variables, no input. */
export interface RunRecord {
  readonly schema: typeof RECORD_SCHEMA;
  /** Sorts by the time of the start. */
  readonly id: string;
  /** The command of pssh-ts. */
  readonly command: string;
  /** The remote commands as they were given, one a step. */
  readonly commands: readonly string[];
  /** With --argv and --script: the words, of which the command was made. */
  readonly words?: readonly string[];
  readonly startedAt: string;
  readonly durationMs: number;
  readonly exitCode: number;
  /** The folder that relative names in the options are meant from. */
  readonly cwd: string;
  /** Names of the variables that `--env` set. */
  readonly env: readonly string[];
  /** The options that shaped the run, as they were given, by their long names. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Hosts of the whole list, of which those here may be a part. Absent in older records: all of them. */
  readonly count?: number;
  readonly hosts: readonly RecordedHost[];
}

/** What of a run is needed to do it again, besides its options. */
export interface Again extends Pick<RunRecord, 'words'> {
  /** By place in the whole list: what the names in templates stood for. */
  readonly values?: ReadonlyMap<number, Readonly<Record<string, string>>>;
}

export interface RecordedHost {
  readonly label: string;
  /** The inventory's name for it, else the host. */
  readonly name: string;
  readonly host: string;
  readonly user: string | null;
  readonly port: number | null;
  readonly sshOptions?: HostSshOptions;
  /** Place in the whole list. Absent in older records: the place here. */
  readonly index?: number;
  /** What the names in its templates stood for. */
  readonly values?: Readonly<Record<string, string>>;
  /** Null: it had not ended when pssh-ts left at once. */
  readonly status: Status | null;
  readonly results: readonly RecordedResult[];
}

export interface RecordedResult
  extends Pick<HostResult, 'step' | 'status' | 'exitCode' | 'signal' | 'killed' | 'attempts' | 'durationMs'> {
  readonly startedAt: string | null;
  readonly skippedBy?: HostResult['skippedBy'];
  readonly timedOutBy?: HostResult['timedOutBy'];
  readonly error: ResultError | null;
  /** Where the output was asked for; what was left out is told in it. */
  readonly stdout?: string;
  readonly stderr?: string;
}

/** `20261122-153249-123-7f3a`: the time (UTC) to the millisecond, and something that tells two runs apart. */
export function recordId(time: Date, random: string): string {
  const [day = '', clock = ''] = time.toISOString().split('T');
  return `${day.replaceAll('-', '')}-${clock.slice(0, 8).replaceAll(':', '')}-${clock.slice(9, 12)}-${random}`;
}

/** ssh options without the values that SetEnv holds: variables may be secrets. */
export function withoutValues(sshOption: string): string {
  return /^\s*setenv(\s*=\s*|\s+)/i.test(sshOption) ? 'SetEnv' : sshOption;
}
