import { usageError } from '../core/errors.js';
import { outputOf } from '../core/output.js';
import { type HostResult, STATUSES } from '../core/result.js';
import { show } from '../core/show.js';

/** A `pssh-ts/run@1` document, read back. */
export interface RunDocument {
  readonly startedAt: Date;
  readonly durationMs: number;
  readonly command: string | null;
  readonly exitCode: number | null;
  readonly results: readonly HostResult[];
}

type Fields = Readonly<Record<string, unknown>>;

/** @param name of the file, for messages @throws PsshError ERR_USAGE */
export function readRun(text: string, name: string): RunDocument {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (cause) {
    throw usageError(`${show(name)} is no JSON; name what exec --json printed`, cause);
  }
  const fields = isFields(document) ? document : {};
  if (fields.schema !== 'pssh-ts/run@1') {
    const found =
      typeof fields.schema === 'string' ? `its schema is ${show(fields.schema)}` : 'it has no schema';
    throw usageError(`${show(name)} is no pssh-ts/run@1 (${found}); name what exec --json printed`);
  }
  const { startedAt, durationMs, command, exitCode, results } = fields;
  const started = new Date(typeof startedAt === 'string' ? startedAt : Number.NaN);
  if (Number.isNaN(started.getTime()) || typeof durationMs !== 'number' || !Array.isArray(results))
    throw broken(name, 'its head');
  return {
    startedAt: started,
    durationMs,
    command: typeof command === 'string' ? command : null,
    exitCode: typeof exitCode === 'number' ? exitCode : null,
    results: results.map((result: unknown, place) => readResult(result, `${name}: results[${place}]`)),
  };
}

/** What is taken from a document must be what it looks like: the views trust it. */
function readResult(value: unknown, where: string): HostResult {
  if (!isFields(value)) throw broken(where, 'it');
  const { host, user, port, index, step, command, status, stdout, stderr, error, startedAt, files } = value;
  const known = STATUSES.find((one) => one === status);
  const isNamed = typeof host === 'string' && host !== '' && (typeof user === 'string' || user === null);
  const isPlaced = isCount(index) && isCount(step) && (port === null || isCount(port));
  if (!isNamed || !isPlaced || known === undefined) throw broken(where, 'what it says of the host');
  if (typeof command !== 'string' || typeof stdout !== 'string' || typeof stderr !== 'string')
    throw broken(where, 'what it says of the command');
  const target = {
    host,
    label: labelOf(host, user, port),
    index,
    vars: {},
    ...(user === null ? {} : { user }),
    ...(port === null ? {} : { port }),
  };
  const skippedBy = SKIPPED_BY.find((one) => one === value.skippedBy);
  return {
    target,
    step,
    command,
    status: known,
    exitCode: isCount(value.exitCode) ? value.exitCode : null,
    signal: typeof value.signal === 'string' ? value.signal : null,
    stdout: outputOf(Buffer.from(stdout, encoding(value.stdoutEncoding))),
    stderr: outputOf(Buffer.from(stderr, encoding(value.stderrEncoding))),
    truncated: value.truncated === true,
    attempts: isCount(value.attempts) ? value.attempts : 0,
    startedAt: typeof startedAt === 'string' ? new Date(startedAt) : null,
    durationMs: isCount(value.durationMs) ? value.durationMs : 0,
    killed: value.killed === 'confirmed' || value.killed === 'unknown' ? value.killed : null,
    error: isFields(error) ? (error as unknown as HostResult['error']) : null,
    ...(skippedBy === undefined ? {} : { skippedBy }),
    ...(value.timedOutBy === 'deadline' ? { timedOutBy: 'deadline' } : {}),
    ...(Array.isArray(files) ? { files } : {}),
  };
}

const SKIPPED_BY = ['plan', 'failure', 'deadline'] as const;

const encoding = (name: unknown): 'utf8' | 'base64' => (name === 'base64' ? 'base64' : 'utf8');
const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null;
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

function labelOf(host: string, user: string | null, port: number | null): string {
  const name = port !== null && host.includes(':') ? `[${host}]` : host;
  return `${user === null ? '' : `${user}@`}${name}${port === null ? '' : `:${port}`}`;
}

function broken(where: string, what: string): Error {
  return usageError(
    `${where}: ${what} is not as pssh-ts/run@1 has it; name what exec --json printed, unchanged`,
  );
}
