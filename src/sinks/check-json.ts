import { CHECK_STATUSES, type CheckResult, hasWarnings } from '../core/check.js';
import { jsonTarget } from './json-text.js';
import { jsonSafe } from './terminal-safe.js';

const camel = (text: string): string =>
  text.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** The document of `check --json`, pssh-ts/check@1. */
export function checkJson(
  results: readonly CheckResult[],
  run: { readonly startedAt: Date; readonly durationMs: number; readonly exitCode: number },
): string {
  const counts = CHECK_STATUSES.map((status) => [
    camel(status),
    results.filter((result) => result.status === status).length,
  ]);
  const summary = {
    total: results.length,
    ...Object.fromEntries(counts),
    warned: results.filter((result) => result.status === 'ok' && hasWarnings(result)).length,
  };
  const document = {
    schema: 'pssh-ts/check@1',
    startedAt: run.startedAt.toISOString(),
    durationMs: run.durationMs,
    exitCode: run.exitCode,
    summary,
    results: results.map(({ target, status, checks, attempts, startedAt, durationMs, error }) => ({
      ...jsonTarget(target),
      status,
      attempts,
      startedAt: new Date(startedAt).toISOString(),
      durationMs,
      checks: checks.map(({ name, outcome, detail, mend, facts }) => ({
        name,
        outcome,
        detail,
        mend,
        facts,
      })),
      error,
    })),
  };
  return jsonSafe(JSON.stringify(document));
}
