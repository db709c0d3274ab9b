import type { Sink } from '../../core/events.js';
import type { MapEvent } from '../../core/map/task.js';
import { MapJsonSink, MapNdjsonSink } from '../../sinks/map/documents.js';
import { GroupedSink } from '../../sinks/map/grouped.js';
import { LinesSink } from '../../sinks/map/lines.js';
import { MapProgressSink } from '../../sinks/map/map-progress.js';
import { MapSummarySink } from '../../sinks/map/map-summary.js';
import type { Screen } from '../../sinks/screen.js';
import type { Writer } from '../../sinks/writer.js';
import { progressKind, terminalTraits } from '../terminal.js';
import type { MapExecution } from './execute-map.js';

interface Outlets {
  readonly stdout: Writer;
  readonly stderr: Writer;
  readonly screen: Screen | null;
}

/** What shows the results (`views`, in order where that is wanted), and what counts them as they come (`records`). */
export function mapViews(
  { io, options, view, run, words, targets }: MapExecution,
  which: 'records' | 'views',
  { stdout, stderr, screen }: Outlets,
): readonly Sink<MapEvent>[] {
  const traits = terminalTraits(io, options.color);
  const { terminal, color } = traits;
  const quiet = options.quiet === true;
  if (which === 'records') {
    const kind = progressKind(io, options.progress, quiet);
    if (kind === 'none') return [];
    const shown = { screen: kind === 'redraw' ? screen : null, stderr, color: color.stderr };
    return [new MapProgressSink({ ...shown, hosts: targets.length })];
  }
  const found: Sink<MapEvent>[] = [];
  if (view === 'group') found.push(new GroupedSink({ stdout, stderr, terminal, tag: options.tag === true }));
  if (view === 'lines')
    found.push(new LinesSink({ stdout, stderr, terminal, prefix: options.prefix !== false }));
  if (view === 'json')
    found.push(
      new MapJsonSink({ stdout, terminal: terminal.stdout, startedAt: new Date(), command: words.command }),
    );
  if (view === 'ndjson') found.push(new MapNdjsonSink(stdout, terminal.stdout));
  const verbose = (options.verbose ?? 0) > 0;
  found.push(new MapSummarySink({ stderr, quiet, verbose, color: color.stderr, limits: run }));
  return found;
}
