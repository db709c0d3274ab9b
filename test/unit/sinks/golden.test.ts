import { describe, expect, it } from 'vitest';
import type { Execution } from '../../../src/cli/execute.js';
import type { ViewName } from '../../../src/cli/view-options.js';
import { views } from '../../../src/cli/views.js';
import { RUN_DEFAULTS } from '../../../src/core/options.js';
import { memoryStore } from '../../../src/core/output.js';
import { Screen } from '../../../src/sinks/screen.js';
import { Writer } from '../../../src/sinks/writer.js';
import { Memory } from '../make.js';
import { play, TARGETS } from './recorded.js';

class TerminalMemory extends Memory {
  constructor(readonly isTTY: boolean) {
    super();
  }
}

/** What a view prints of the recorded run, stdout and stderr in the order in which they were written. */
async function printed(view: ViewName, terminal: boolean): Promise<string> {
  const all = new TerminalMemory(terminal);
  const screen = terminal ? new Screen(all) : null;
  const writer = (): Writer => new Writer(all, (error) => void Promise.reject(error), screen);
  const io = { stdout: all, stderr: all, env: { TERM: 'xterm', CI: 'true' } };
  const execution = {
    plan: TARGETS.map((target) => ({ target, steps: [] })),
    run: { ...RUN_DEFAULTS, timeoutMs: 30_000 },
    commands: ['report'],
    view,
    options: {},
    io,
  } as unknown as Execution;
  const outlets = { stdout: writer(), stderr: writer(), screen, store: memoryStore };
  const sinks = views(execution, outlets);
  await play(sinks);
  // The document tells when it was begun.
  return all.text.replace(/("startedAt":")[^"]*(","durationMs":1234)/, '$1*$2');
}

const VIEWS: readonly ViewName[] = ['prefix', 'plain', 'gather', 'diff', 'inline', 'json', 'ndjson', 'quiet'];

describe.each(VIEWS)('the recorded run, view %s', (view) => {
  it('to a pipe', async () => {
    await expect(await printed(view, false)).toMatchFileSnapshot(`golden/${view}.txt`);
  });

  it('on a terminal', async () => {
    await expect(await printed(view, true)).toMatchFileSnapshot(`golden/${view}-terminal.txt`);
  });
});
