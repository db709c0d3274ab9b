import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { manPage } from '../../scripts/man-page.js';
import { completeTree } from '../../src/cli/command-tree.js';
import { processIo } from '../../src/cli/process-io.js';
import { buildProgram } from '../../src/cli/program.js';
import { ensureProgram } from '../fleet/ensure-program.js';
import { tempFolder } from './temp-folder.js';

const folder = tempFolder();
const readme = readFileSync(join(fileURLToPath(new URL('../..', import.meta.url)), 'README.md'), 'utf8');
const program = buildProgram(processIo, [], () => undefined);
completeTree(program);
const page = manPage({ program, version: '1.2.3', readme });

test('man shows it without a warning, with every command, option and exit code', () => {
  const man = ensureProgram({ name: 'man', package: 'man-db' }, (line) => console.log(line));
  const file = folder.file('pssh-ts.1');
  writeFileSync(file, page);
  const env = { PATH: process.env.PATH, LC_ALL: 'C.UTF-8', MANWIDTH: '200', MANROFFOPT: '-ww' };
  const { stdout, stderr, status } = spawnSync(man, ['--warnings', '-E', 'UTF-8', '-l', file], {
    encoding: 'utf8',
    env,
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  // Bold is a letter printed twice.
  const shown = stdout.replace(/.\u0008/g, '');
  for (const command of program.commands) {
    expect(shown).toContain(`${command.name()}`);
    for (const { flags, hidden } of command.options) if (!hidden) expect(shown).toContain(flags);
  }
  for (const code of ['129, 130, 143', '141']) expect(shown).toContain(code);
  expect(shown).toContain("pssh-ts -H 'node[01-30]' exec 'df -h / | tail -1'");
});

test('what roff would read stands there as text', () => {
  const lines = page.split('\n').filter((line) => /^[.']/.test(line));
  const known = /^\.(TH|SH|SS|TP|PP|IP|RS|RE|B|BR|I|nf|fi)( |$)/;
  expect(lines.filter((line) => !known.test(line))).toEqual([]);
});
