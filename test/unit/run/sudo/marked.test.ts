import { expect, test } from 'vitest';
import { type LoginFacts, Marked, type MarkListener } from '../../../../src/run/sudo/marked.js';

const MARKS = { talk: 'aaaa1111', started: 'bbbb2222', inner: 'cccc3333' };

async function read(chunks: readonly (string | Buffer)[]) {
  const told: string[] = [];
  let heard: LoginFacts | null = null;
  const listener: MarkListener = {
    facts: (facts) => {
      heard = facts;
    },
    asked: (times) => void told.push(`asked ${times}`),
    started: () => void told.push('started'),
    ready: (watched) => void told.push(`ready ${watched}`),
    gone: () => void told.push('gone'),
  };
  const marked = new Marked(MARKS, listener);
  for (const chunk of chunks) marked.write(chunk);
  marked.end();
  const shown = Buffer.concat(await marked.toArray()).toString('latin1');
  return { shown, told, heard, marked };
}

const facts = '/tmp/d/w\nde_DE.UTF-8\n\ndeploy\n';
const whole =
  `rc file\naaaa1111 begin\n${facts}lecture\naaaa1111 password:bbbb2222\ncccc3333 watched\nout cccc333 cccc3333 gonelast\n`.replace(
    'gonelast',
    'gone\nlast',
  );

test('in any pieces the same: what is the command’s own passes, the marks are told', async () => {
  const expected = {
    shown: 'rc file\nout cccc333 last\n',
    told: ['asked 1', 'started', 'ready true', 'gone'],
    heard: { fifo: '/tmp/d/w', locale: 'de_DE.UTF-8', terminal: '', login: 'deploy' },
  };
  for (const size of [1, 2, 3, 7, 20]) {
    const chunks = whole.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? [];
    const { shown, told, heard } = await read(chunks);
    expect({ shown, told, heard }).toEqual(expected);
  }
});

test('lines that end as on a terminal', async () => {
  const { shown, told, heard } = await read([whole.replaceAll('\n', '\r\n')]);
  expect(told).toEqual(['started', 'ready true', 'gone']);
  expect(heard).toMatchObject({ fifo: '/tmp/d/w', login: 'deploy' });
  expect(shown).toBe('rc file\r\nout cccc333 last\r\n');
});

test('a second prompt is told as such, and the words are kept for the error', async () => {
  const { told, marked, shown } = await read([
    `aaaa1111 begin\n${facts}aaaa1111 password:`,
    'Sorry, try again.\naaaa1111 password:',
    '\nsudo: no password was provided\n',
  ]);
  expect(told).toEqual(['asked 1', 'asked 2']);
  expect(marked.words).toContain('no password was provided');
  expect(shown).toBe('');
});

test('no sudo', async () => {
  const { marked, shown, told } = await read(['aaaa1111 begin\naaaa1111 no sudo\n']);
  expect([marked.begun, marked.missing, shown, told]).toEqual([true, true, '', []]);
});

test('a host that never begins shows what it said', async () => {
  const { marked, shown } = await read(['This account is', ' not available.\naaaa1111 beg']);
  expect([marked.begun, shown]).toEqual([false, 'This account is not available.\naaaa1111 beg']);
});

test('bytes of the command pass as they are, also what looks like the beginning of a mark at the end', async () => {
  const bytes = Buffer.from([0, 255, 10, 99, 99, 99]);
  const { shown } = await read([`aaaa1111 begin\n${facts}bbbb2222\ncccc3333 unwatched\n`, bytes]);
  expect(Buffer.from(shown, 'latin1')).toEqual(bytes);
});
