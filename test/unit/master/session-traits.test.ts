import { describe, expect, it } from 'vitest';
import { sessionTraits } from '../../../src/master/session-traits.js';
import { parseResolved } from '../../../src/ssh/resolve.js';

const traits = (text: string) => sessionTraits(parseResolved(text, 'web1'));

describe('sessionTraits', () => {
  it.each([
    ['forwardagent no\nforwardx11 no\n', false],
    ['forwardagent yes\nforwardx11 no\n', true],
    ['forwardagent $SSH_AUTH_SOCK\nforwardx11 no\n', true],
    ['forwardagent no\nforwardx11 yes\n', true],
    ['', false],
  ])('%j asks for forwarding: %s', (text, forwards) => {
    expect(traits(text).forwards).toBe(forwards);
  });

  it.each([
    ['serveraliveinterval 0\nserveralivecountmax 3\n', 45],
    // With no interval in the config the count is ours too.
    ['serveraliveinterval 0\nserveralivecountmax 9\n', 45],
    ['serveraliveinterval 20\nserveralivecountmax 6\n', 120],
    ['serveraliveinterval 1\nserveralivecountmax 2\n', 2],
    ['serveraliveinterval 30\nserveralivecountmax 0\n', 30],
    ['', 45],
  ])('%j: the network may be silent for %i s', (text, seconds) => {
    expect(traits(text).aliveSeconds).toBe(seconds);
  });

  it('has every SendEnv and SetEnv, values as they are', () => {
    expect(traits('sendenv LANG\nsendenv LC_*\nsetenv A=x y\nsetenv B=\n')).toMatchObject({
      sendEnv: ['LANG', 'LC_*'],
      setEnv: ['A=x y', 'B='],
    });
  });
});
