#!/usr/bin/env node
import { loadCompiled } from './cli/compiled-code.js';
import { readVersion } from './cli/version.js';

// A question that shells, editors and CI ask at each start.
if (process.argv.length === 3 && process.argv[2] === '--version') process.stdout.write(`${readVersion()}\n`);
// Reading and compiling the whole command is most of what a short run takes (scripts/build.js).
else loadCompiled(__dirname, 'pssh-ts.cjs');
