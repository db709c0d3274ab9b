import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const TESTS = `${root}test/types/library.ts`;

// The compiler reads the whole library first.
const SLOW = 120_000;

const config = ts.parseJsonConfigFileContent(
  ts.readConfigFile(`${root}tsconfig.json`, ts.sys.readFile).config,
  ts.sys,
  root,
);
const parsed = new Map<string, ts.SourceFile | undefined>();

/** What the compiler says of the type tests, were one of our files of another text. */
function faults(file = '', change = (text: string): string => text): string[] {
  const host = ts.createCompilerHost(config.options);
  const { getSourceFile } = host;
  host.getSourceFile = (name, options) => {
    if (name === `${root}src/core/${file}`)
      return ts.createSourceFile(name, change(ts.sys.readFile(name) ?? ''), options);
    // The others stay the same: parsing them once is enough.
    if (!parsed.has(name)) parsed.set(name, getSourceFile(name, options));
    return parsed.get(name);
  };
  const program = ts.createProgram([TESTS], config.options, host);
  return program
    .getSemanticDiagnostics(program.getSourceFile(TESTS))
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
}

test(
  'the type tests hold',
  () => {
    expect(faults()).toEqual([]);
  },
  SLOW,
);

const COMMAND = 'command-result.ts';
const TRANSFER = 'transfer-result.ts';

test.each([
  [COMMAND, "status: 'ok'", 'status: string'],
  [COMMAND, "status: 'failed'", "status: 'failed' | 'ok'"],
  [COMMAND, "status: 'signaled'", 'status: Status'],
  [COMMAND, "status: 'skipped'", "status: 'skipped' | 'left-out'"],
  [COMMAND, 'exitCode: 0', 'exitCode: number'],
  [COMMAND, 'error: ResultError;', 'error: ResultError | null;'],
  [TRANSFER, "status: 'ok'", 'status: string'],
  [TRANSFER, "status: 'failed'", "status: 'failed' | 'ok'"],
  [TRANSFER, "status: 'timed-out'", "status: 'timed-out' | 'signaled'"],
  [TRANSFER, 'exitCode: null', 'exitCode: number | null'],
  [TRANSFER, 'error: ResultError;', 'error: ResultError | null;'],
])(
  'of %s they fail when %s is widened to %s',
  (file, narrow, wide) => {
    const change = (text: string): string => {
      const changed = text
        .replace(`readonly ${narrow}`, `readonly ${wide}`)
        .replace('HostResult, ', 'HostResult, Status, ');
      expect(changed).toContain(wide);
      return changed;
    };
    expect(faults(file, change)).not.toEqual([]);
  },
  SLOW,
);
