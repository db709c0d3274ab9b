#!/usr/bin/env node
import { loadCompiled } from './cli/compiled-code.js';

// Reading and compiling the whole command is most of what a short run takes (scripts/build.js).
loadCompiled(__dirname, 'pssh-ts.cjs');
