/** dist/man/pssh-ts.1, a part of npm run build. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { completeTree } from '../src/cli/command-tree.js';
import { processIo } from '../src/cli/process-io.js';
import { buildProgram } from '../src/cli/program.js';
import { manPage } from './man-page.js';

const root = new URL('..', import.meta.url);
const program = buildProgram(processIo, [], () => undefined);
completeTree(program);
const { version } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as { version: string };
const readme = readFileSync(new URL('README.md', root), 'utf8');
mkdirSync(new URL('dist/man/', root), { recursive: true });
writeFileSync(new URL('dist/man/pssh-ts.1', root), manPage({ program, version, readme }));
