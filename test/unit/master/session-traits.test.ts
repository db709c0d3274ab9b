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

  it('has every SendEnv and SetEnv, values as they are', () => {
    expect(traits('sendenv LANG\nsendenv LC_*\nsetenv A=x y\nsetenv B=\n')).toMatchObject({
      sendEnv: ['LANG', 'LC_*'],
      setEnv: ['A=x y', 'B='],
    });
  });
});
