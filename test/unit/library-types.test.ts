import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const TESTS = `${root}test/types/library.ts`;
const RESULTS = `${root}src/core/command-result.ts`;

// The compiler reads the whole library first.
const SLOW = 120_000;

const config = ts.parseJsonConfigFileContent(
  ts.readConfigFile(`${root}tsconfig.json`, ts.sys.readFile).config,
  ts.sys,
  root,
);
const parsed = new Map<string, ts.SourceFile | undefined>();

/** What the compiler says of the type tests, were the results' types of another text. */
function faults(change: (text: string) => string): string[] {
  const host = ts.createCompilerHost(config.options);
  const { getSourceFile } = host;
  host.getSourceFile = (name, options) => {
    if (name === RESULTS) return ts.createSourceFile(name, change(ts.sys.readFile(name) ?? ''), options);
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
    expect(faults((text) => text)).toEqual([]);
  },
  SLOW,
);

test.each([
  ["status: 'ok'", 'status: string'],
  ["status: 'failed'", "status: 'failed' | 'ok'"],
  ["status: 'signaled'", 'status: Status'],
  ["status: 'skipped'", "status: 'skipped' | 'left-out'"],
  ['exitCode: 0', 'exitCode: number'],
  ['error: ResultError;', 'error: ResultError | null;'],
])(
  'they fail when %s is widened to %s',
  (narrow, wide) => {
    const change = (text: string): string => {
      const changed = text
        .replace(`readonly ${narrow}`, `readonly ${wide}`)
        .replace('HostResult, ', 'HostResult, Status, ');
      expect(changed).toContain(wide);
      return changed;
    };
    expect(faults(change)).not.toEqual([]);
  },
  SLOW,
);
