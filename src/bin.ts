#!/usr/bin/env node
import { main } from './cli/main.js';
import { processIo } from './cli/process-io.js';

// No await here: the command is built as CommonJS (scripts/build.js).
void main(process.argv.slice(2), processIo).then((code) => {
  process.exitCode = code;
});
