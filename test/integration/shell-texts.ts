/** Commands as people write them, well or badly. Each shell reads its own language in them, errors too. */
export const TEXTS: readonly string[] = [
  // words and quotes
  'echo plain words',
  `echo "double $HOME" 'single $HOME' back\\ slash`,
  `echo 'it'\\''s' "a 'b' c" 'a "b" c'`,
  'echo "é ü 日本 🦊"',
  'echo a\tb  c   d',
  'printf "%s|" a "b c" "" d; printf "\\377\\376\\n"',
  'echo wow! "!" hey',
  'echo !!',
  'cd /etc; echo host* ~ $HOME',
  'echo {a,b}{1,2}',
  'echo $(echo inner) `echo ticks`',
  // unfinished and wrong
  `echo 'unbalanced`,
  'echo "unbalanced',
  'echo `unbalanced',
  'echo $(unbalanced',
  'echo a; echo (',
  ')',
  ';;',
  'echo a;',
  'echo a ;; echo b',
  '; echo a',
  '&& echo a',
  '| cat',
  'echo a |',
  'echo a &&',
  'if true',
  'echo trailing \\',
  'nonexistent-command-pt with words',
  './no-such-file',
  '/',
  'echo $PT_NOT_SET_ANYWHERE.',
  // comments
  '# only a comment',
  "echo a # it's a comment",
  'echo a#b',
  'echo first\n# between\necho last # end',
  // several lines
  'echo a\necho b',
  '\n\n  echo after blank lines\n\n',
  'echo a\r\necho b',
  'cat <<EOF\nhere $HOME\nEOF',
  "cat <<'EOF'\nhere $HOME `x` \\\nEOF\necho after",
  'cat <<EOF\nno end',
  'cat <<< "here string"',
  // how it ends
  'true',
  'false',
  'exit 3',
  'exit 255',
  'exit',
  'return 4',
  'echo out; echo err >&2; exit 9',
  'false\necho goes on',
  'set -e\nfalse\necho never',
  'set -u\necho $PT_NOT_SET_ANYWHERE\necho more',
  'exec false',
  'exec sh -c "exit 6"',
  'kill -TERM $$',
  'kill -KILL $$; echo never',
  'sh -c "kill -9 \\$\\$"',
  "trap 'echo bye' EXIT; echo hi; exit 2",
  "trap 'echo caught' TERM; kill -TERM $$; echo after",
  // processes
  'sleep 0.1 &\nwait',
  '( sleep 0.2; echo late ) & echo now; wait',
  'echo a | tr a b | cat',
  'yes | head -n 3',
  "ps -o comm= -p $$ -p $PPID | sort; sh -c 'ps -o comm= -p $PPID; true'; true",
  "sh -c 'ps -o comm= -p $PPID; true'",
  // input: there is none
  'cat',
  'read x; echo "[$x]"',
  'wc -c; echo done',
  // where and who
  'echo $0',
  'echo "$@" $#',
  'umask',
  'pwd',
  'cd /; pwd',
  'env -i sh -c "env | grep -v ^_="',
  'env | grep -v -e ^PSSH_ -e ^SSH_ -e ^OLDPWD= -e ^EXTRA= | sort',
  'ulimit -n',
  'echo $SHLVL',
  'alias',
  // other shells' languages
  'setenv A b; echo $A',
  'set x = (a b c); echo $x[2]',
  'foreach x (a b)\necho $x\nend',
  'if (1) echo csh',
  'if true; echo fish; end',
  'for i in 1 2; do echo $i; done',
  'for i in 1 2\necho $i\nend',
  'set -x A 1; echo $A',
  '[[ a == a ]] && echo both',
  'f() { echo in f "$1"; }; f x',
  'function g\necho in g\nend\ng',
  // long
  `echo ${'x'.repeat(99_000)} | wc -c`,
  `# ${'long comment '.repeat(7000)}\necho after`,
  `${'true\n'.repeat(3000)}echo lines`,
];

/** Texts that may tell pssh-ts from ssh, and why; docs/connections.md names them. */
export const EXCEPTIONS: readonly { readonly text: string; readonly shells: readonly string[] }[] = [
  // The variables stand on a line of their own before the command.
  { text: 'echo $LINENO', shells: ['bash', 'zsh'] },
  { text: 'echo "$BASH_EXECUTION_STRING"', shells: ['bash'] },
  { text: 'echo last word $_', shells: ['bash'] },
];

/** The number of a line, which is one more behind the line of variables, and process ids are no difference. */
export function withoutNumbers(text: string): string {
  return text
    .replace(/\bline \d+\b/g, 'line N')
    .replace(/^(\S*sh):(\s?)\d+([:>])/gm, '$1:$2N$3')
    .replace(/^\[(\d+)\] \d+$/gm, '[$1] PID')
    .replace(/\bfish_pid \d+$/gm, 'fish_pid PID')
    .replace(/\(line \d+\)/g, '(line N)');
}
