import { expect, test } from 'vitest';
import { sessionVariables } from '../../../src/transport/mux/session-variables.js';

const ours = { LANG: 'C.UTF-8', LC_ALL: 'C', LC_TIME: '', HOME: '/root', UNSET: undefined };

test('ours that SendEnv names, then those of SetEnv', () => {
  const session = {
    forwards: false,
    sendEnv: ['LC_*', 'L?NG', 'UNSET', 'MISSING'],
    setEnv: ['A=x y', 'B=', 'C=1=2'],
  };
  expect(sessionVariables(session, ours)).toEqual([
    ['LANG', 'C.UTF-8'],
    ['LC_ALL', 'C'],
    ['LC_TIME', ''],
    ['A', 'x y'],
    ['B', ''],
    ['C', '1=2'],
  ]);
});

test('none where the config asks for none, or it is not known', () => {
  expect(sessionVariables({ forwards: false, sendEnv: [], setEnv: [] }, ours)).toEqual([]);
  expect(sessionVariables(null, ours)).toEqual([]);
});
