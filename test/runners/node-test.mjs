import { test } from 'node:test';
import * as library from 'pssh-ts';
import { libraryTests } from './library.js';

libraryTests(library, (name, work) => void test(name, work));
