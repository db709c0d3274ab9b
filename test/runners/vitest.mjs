import * as library from 'pssh-ts';
import { test } from 'vitest';
import { libraryTests } from './library.js';

libraryTests(library, (name, work) => void test(name, work, 60_000));
