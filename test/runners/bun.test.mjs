// On Bun, whose name for its runner no other tool can resolve: bun test test/runners/bun.test.mjs
import { test } from 'bun:test';
import * as library from 'pssh-ts';
import { libraryTests } from './library.js';

libraryTests(library, (name, work) => void test(name, work, 60_000));
