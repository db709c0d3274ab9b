import { expect, test } from 'vitest';
import { PsshError } from '../../../src/core/errors.js';
import { shortage } from '../../../src/core/shortage.js';

const lack = Object.assign(new Error('connect EMFILE'), { code: 'EMFILE' });

test.each([
  ['a system call', lack],
  ['an error of ours', new PsshError('ERR_MASTER', "the master can't be reached", { cause: lack })],
  ['the look-up of our name', new Error('uv_os_get_passwd returned EMFILE (too many open files)')],
])('no more open files, as %s tells it', (_what, error) => {
  expect(shortage(error)).toContain('ulimit -n');
});

test('anything else is no shortage of ours', () => {
  const circle = new Error('round');
  circle.cause = circle;
  for (const error of [new Error('ECONNREFUSED'), circle, null, 'EMFILE']) expect(shortage(error)).toBeNull();
});
