import { describe, expect, it } from 'vitest';
import { frameCommand, joinWords, LONGEST_COMMAND } from '../../../src/core/command.js';

const CSH = String.raw`test 'x\!' = x\! -o "x\\" != x\\`;
const usage = (message: RegExp) =>
  expect.objectContaining({ code: 'ERR_USAGE', message: expect.stringMatching(message) });

describe('frameCommand', () => {
  it('sets the variables in a line of its own and leaves the words alone', () => {
    const words = 'echo "$A" \'x\'\n# more';
    expect(frameCommand(words, { env: { A: '1', B: "it's" } })).toBe(
      `${CSH} && setenv A 1 && setenv B 'it'\\''s' || export A=1 B='it'\\''s'\n${words}`,
    );
  });

  it('adds no line where there is nothing to set', () => {
    expect(frameCommand('uptime', { env: {} })).toBe('uptime');
  });

  it('sends the words alone with raw', () => {
    expect(frameCommand('show version', { env: { A: '1' }, cwd: '/x', raw: true })).toBe('show version');
  });

  it.each<[string, string, string]>([
    ['/srv', '/srv/.', '/srv'],
    ['/srv//', '/srv/.', '/srv//'],
    ['/', '/.', '/'],
    ['app', './app/.', './app'],
    ['-', './-/.', './-'],
    ['+1', './+1/.', './+1'],
    ['~', "'./~/.'", "'./~'"],
    ['a b', "'./a b/.'", "'./a b'"],
  ])('tests and enters the folder %j', (cwd, tested, entered) => {
    expect(frameCommand('pwd', { env: {}, cwd })).toBe(
      `test -x ${tested} || exec sh -c 'exit 125'\ncd ${entered}\npwd`,
    );
  });

  it('--cwd "$UNSET": an empty folder is refused, not taken for the home', () => {
    expect(() => frameCommand('rm -r *', { env: {}, cwd: '' })).toThrow(usage(/^--cwd is empty/));
  });

  it.each(['', '1A', 'A-B', 'A B', 'A;id', 'é', 'A\n'])('refuses the variable name %j', (name) => {
    expect(() => frameCommand('x', { env: { [name]: '1' } })).toThrow(usage(/is no variable name/));
  });

  it('names the variable whose value no shell reads', () => {
    expect(() => frameCommand('x', { env: { MOTD: 'a\nb' } })).toThrow(
      usage(/^the value of MOTD holds a newline/),
    );
  });

  it('refuses a NUL in the words', () => {
    expect(() => frameCommand('a\0b', { env: {} })).toThrow(usage(/NUL/));
    expect(() => frameCommand('a\0b', { env: {}, raw: true })).toThrow(usage(/NUL/));
  });

  it('counts bytes, not characters, and the frame too', () => {
    expect(frameCommand('x'.repeat(LONGEST_COMMAND), { env: {} })).toHaveLength(LONGEST_COMMAND);
    expect(() => frameCommand('x'.repeat(LONGEST_COMMAND + 1), { env: {} })).toThrow(usage(/131072 bytes/));
    expect(() => frameCommand('é'.repeat(LONGEST_COMMAND / 2 + 1), { env: {} })).toThrow(usage(/bytes long/));
    expect(() => frameCommand('x'.repeat(LONGEST_COMMAND), { env: { A: '1' } })).toThrow(usage(/bytes long/));
  });
});

describe('joinWords', () => {
  it('joins as ssh does', () => {
    expect(joinWords(['echo', 'a  b', '$HOME', ''], false)).toBe('echo a  b $HOME ');
  });

  it('keeps each word one word with --argv', () => {
    expect(joinWords(['echo', 'a  b', '$HOME', ''], true)).toBe("echo 'a  b' '$HOME' ''");
    expect(() => joinWords(['a\nb'], true)).toThrow(usage(/^argument /));
  });
});
