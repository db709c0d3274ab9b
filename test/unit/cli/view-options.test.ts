import { describe, expect, it } from 'vitest';
import { progressKind, terminalTraits } from '../../../src/cli/terminal.js';
import { chosenView, parseSize, type ViewOptions } from '../../../src/cli/view-options.js';
import { run } from './memory-io.js';

describe('chosenView', () => {
  it.each<[ViewOptions & { quiet?: boolean }, string]>([
    [{}, 'prefix'],
    [{ prefix: false }, 'plain'],
    [{ gather: true }, 'gather'],
    [{ diff: true }, 'diff'],
    [{ inline: true }, 'inline'],
    [{ json: true }, 'json'],
    [{ ndjson: true }, 'ndjson'],
    [{ quiet: true }, 'quiet'],
    [{ quiet: true, json: true }, 'json'],
    [{ format: 'quiet' }, 'quiet'],
    [{ format: 'gather', gather: true }, 'gather'],
  ])('%j is %s', (options, view) => {
    expect(chosenView(options)).toBe(view);
  });

  it.each<[readonly string[], string]>([
    [['--json', '--gather'], '--gather and --json are two views of one output; leave one out'],
    [['-N', '--format', 'diff'], '-N and --format diff are two views of one output; leave one out'],
    [
      ['--ndjson', '--format', 'json'],
      '--ndjson and --format json are two views of one output; leave one out',
    ],
    [['--format', 'gahter'], '--format: there is no view "gahter"; did you mean gather?'],
    [['--format', 'x\ny'], '--format: there is no view "x\\ny"; write one of prefix, plain, gather'],
    [['--json', '--max-output', '1X'], '--max-output: "1X" is no size; write bytes or 64KiB, 64MiB, 1GiB'],
  ])('%j is refused before anything is run', async (args, message) => {
    const { code, err } = await run(['-H', 'a', 'exec', ...args, 'true']);
    expect(code).toBe(2);
    expect(err).toContain(`pssh-ts: ${message}`);
    expect(err.trimEnd().split('\n')).toHaveLength(1);
  });

  it('a view on the command line puts a default one aside', async () => {
    const env = { PSSH_TS_GATHER: 'true' };
    const dry = ['-H', 'a', 'exec', '--dry-run', '--json', 'true'];
    expect((await run(dry, env)).code).toBe(0);
    expect((await run(dry, { ...env, PSSH_TS_FORMAT: 'diff' })).code).toBe(0);
    const clash = await run(['-H', 'a', 'exec', '--dry-run', 'true'], { ...env, PSSH_TS_FORMAT: 'diff' });
    expect([clash.code, clash.err]).toEqual([2, expect.stringContaining('--gather and --format diff')]);
  });
});

describe('parseSize', () => {
  it.each([
    ['0', 0],
    ['100', 100],
    ['64KiB', 65_536],
    ['1.5m', 1_572_864],
    ['1 GB', 1024 ** 3],
  ])('%s', (text, bytes) => {
    expect(parseSize(text, '--x')).toBe(bytes);
  });
});

describe('what the streams can show', () => {
  const io = (isTTY: boolean, env: NodeJS.ProcessEnv) =>
    ({ stdout: { isTTY }, stderr: { isTTY }, env }) as unknown as Parameters<typeof terminalTraits>[0];

  it.each<[boolean, NodeJS.ProcessEnv, boolean | undefined, boolean]>([
    [true, { TERM: 'xterm' }, undefined, true],
    [true, { TERM: 'dumb' }, undefined, false],
    [true, { TERM: 'xterm', NO_COLOR: '1' }, undefined, false],
    [true, { TERM: 'xterm', NO_COLOR: '' }, undefined, true],
    [true, { TERM: 'xterm', FORCE_COLOR: '0' }, undefined, false],
    [true, { TERM: 'xterm' }, false, false],
    [false, { TERM: 'xterm' }, undefined, false],
    [false, { FORCE_COLOR: '1' }, undefined, true],
    [false, { FORCE_COLOR: '1', NO_COLOR: '1' }, undefined, false],
  ])('terminal %s, %j, --color %s: coloured %s', (isTTY, env, option, color) => {
    expect(terminalTraits(io(isTTY, env), option).color).toEqual({ stdout: color, stderr: color });
  });

  it.each<[boolean, NodeJS.ProcessEnv, boolean | undefined, boolean, string]>([
    [true, {}, undefined, false, 'redraw'],
    [true, {}, false, false, 'none'],
    [true, {}, undefined, true, 'none'],
    [true, {}, true, true, 'redraw'],
    [true, { CI: 'true' }, undefined, false, 'none'],
    [true, { CI: 'true' }, true, false, 'lines'],
    [true, { CI: 'false' }, undefined, false, 'redraw'],
    [true, { TERM: 'dumb' }, true, false, 'lines'],
    [false, {}, undefined, false, 'none'],
    [false, {}, true, false, 'lines'],
  ])('terminal %s, %j, --progress %s, quiet %s: %s', (isTTY, env, option, quiet, kind) => {
    expect(progressKind(io(isTTY, env), option, quiet)).toBe(kind);
  });
});
