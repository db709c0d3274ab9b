import { usageError } from './errors.js';
import { show } from './show.js';

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
// setTimeout holds no more than this; a longer one would fire at once.
export const LONGEST_MS = 2_147_483_647;

/**
 * Milliseconds of a duration: a bare number is seconds, else `1h30m`, `1.5s`, `250ms`, `2d`.
 * Durations over 24 days are cut to what a timer holds.
 * @throws PsshError ERR_USAGE that names `what`
 */
export function parseDuration(text: string, what: string): number {
  const trimmed = text.trim();
  if (/^\d+(\.\d+)?$/.test(trimmed)) return Math.min(Math.round(Number(trimmed) * 1000), LONGEST_MS);
  const part = /(\d+(?:\.\d+)?)(ms|[smhd])/gy;
  let total = 0;
  let end = 0;
  for (let match = part.exec(trimmed); match !== null; match = part.exec(trimmed)) {
    total += Number(match[1]) * (UNIT_MS[match[2] ?? ''] ?? 0);
    end = part.lastIndex;
  }
  if (end === 0 || end !== trimmed.length) {
    throw usageError(`${what}: ${show(text)} is no duration; write seconds (90) or units (1m30s, 250ms, 2h)`);
  }
  return Math.min(Math.round(total), LONGEST_MS);
}

/** A duration for people: `1.2s`, `3m05s`, `2h10m`. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)}ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)}s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m${String(seconds % 60).padStart(2, '0')}s`;
  return `${Math.floor(seconds / 3600)}h${String(Math.floor((seconds % 3600) / 60)).padStart(2, '0')}m`;
}
