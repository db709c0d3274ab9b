import { expect, test } from 'vitest';
import { Template } from '../../../../src/core/map/replacement.js';

const filling = (values: readonly string[]) => ({ seq: 7, values, slot: 2, host: 'web1' });
const fill = (command: string, ...values: string[]): string =>
  Template.command(command, values.length).command(filling(values));
const bare = (command: string, ...values: string[]): string =>
  Template.path(command, values.length).plain(filling(values));

// What GNU parallel 20221122 gives for the same.
test.each([
  ['{}', 'dir/a.tar.gz', 'dir/a.tar.gz'],
  ['{.}', 'dir/a.tar.gz', 'dir/a.tar'],
  ['{.}', 'dir.d/a', 'dir.d/a'],
  ['{.}', '.profile', ''],
  ['{.}', 'a.', 'a'],
  ['{.}', 'dir/.profile', 'dir/'],
  ['{/}', 'dir/a.tar.gz', 'a.tar.gz'],
  ['{/}', 'dir/', ''],
  ['{/}', '/', ''],
  ['{//}', 'dir/a.tar.gz', 'dir'],
  ['{//}', 'a.tar.gz', '.'],
  ['{//}', '/a', '/'],
  ['{//}', '/', '/'],
  ['{//}', 'dir//b', 'dir'],
  ['{//}', 'dir/b/', 'dir'],
  ['{/.}', 'dir/a.tar.gz', 'a.tar'],
  ['{/.}', 'dir/.b', ''],
])('%s of %j is %j', (template, value, expected) => {
  expect(bare(template, value)).toBe(expected);
});

test('numbers, slots, hosts, and values of several sources', () => {
  expect(fill('{#} {%} {host} {1} {2} {-1} {-2} {2.} {1/}', 'x/a', 'b.c')).toBe(
    '7 2 web1 x/a b.c b.c x/a b a',
  );
  expect(fill('run {}', 'a', 'b c')).toBe("run a 'b c'");
});

test('without a replacement string the values are appended; any of them is one', () => {
  expect(fill('echo', 'a b')).toBe("echo 'a b'");
  expect(fill('echo {#}', 'a b')).toBe('echo 7');
  expect(fill('echo', 'a', 'b')).toBe('echo a b');
});

test('without a command the value is the command, as it is', () => {
  expect(fill('', 'echo "x y"; exit 3')).toBe('echo "x y"; exit 3');
});

test('every other brace stays', () => {
  const text = `awk '{print $1}' \${HOME} {0} {x} {{.State}} {a,b} { } {1..3}`;
  expect(fill(`${text} {}`, 'v')).toBe(`${text} v`);
});

test('values are quoted in commands, not in paths', () => {
  expect(fill('cat {.}', "it's.x")).toBe("cat 'it'\\''s'");
  expect(bare('{.}.png', "it's a.svg")).toBe("it's a.png");
  expect(fill('cat', '')).toBe("cat ''");
});

test.each(['{3}', '{-3}', '{3/.}'])('%s of two sources is refused', (template) => {
  expect(() => Template.command(template, 2)).toThrow(/stands for source -?3, but there are 2/);
});

test('a value with the end of a line is refused', () => {
  expect(() => fill('echo', 'a\nb')).toThrow(/newline/);
});
