import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { tempFolder } from '../temp-folder.js';
import { run } from './memory-io.js';

const folder = tempFolder();
const cwd = process.cwd();
const runtime = process.env.XDG_RUNTIME_DIR;
let config: string;
// A bare name is looked for in the current folder; and the tests' own ssh_config is not the user's.
beforeEach(() => {
  process.chdir(folder.path);
  process.env.XDG_RUNTIME_DIR = folder.path;
  config = folder.file('ssh_config');
  writeFileSync(config, 'Host alias1 alias2\n  HostName 127.0.0.1\n');
});
afterEach(() => {
  process.chdir(cwd);
  if (runtime === undefined) delete process.env.XDG_RUNTIME_DIR;
  else process.env.XDG_RUNTIME_DIR = runtime;
});

const dry = (...args: string[]) => run(['-F', config, ...args]);
/** The labels that a dry run of `exec x` with these options names. */
async function targets(...args: string[]): Promise<string[]> {
  const { code, out, err } = await dry(...args, 'exec', '--dry-run', 'x');
  expect({ code, err: code === 0 ? '' : err }).toEqual({ code: 0, err: '' });
  return out
    .trimEnd()
    .split('\n')
    .map((line) => line.replace(/: \[ssh .*/, ''));
}

describe('bad input exits 2 with one line on stderr and nothing on stdout', () => {
  const H = ['-H', 'web1'];
  it.each<[string, string[], RegExp]>([
    ['nothing at all', [], /no command given; one of: exec, put, get, sync, map, jobs, masters/],
    ['no command', [...H], /no command given/],
    ['no such command', [...H, 'exce', 'uptime'], /unknown command "exce"; did you mean exec\?/],
    ['no target', ['exec', 'uptime'], /no target; name hosts with -H/],
    ['no target is left', ['-H', 'a!a', 'exec', 'x'], /no target is left/],
    ['an empty expression', ['-H', '', 'exec', 'x'], /-H: .*empty expression/],
    ['a bad expression', ['-H', 'web[1-', 'exec', 'x'], /-H: column 6 /],
    ['a host that is an option', ['-H', '-oProxyCommand=id', 'exec', 'x'], /begins with "-"/],
    ['a group that is not there', ['-H', '@web', 'exec', 'x'], /no group "web"/],
    [
      'a hosts file that is not there',
      ['--hostfile', 'missing', 'exec', 'x'],
      /hosts file "missing": there is no such file/,
    ],
    ['a ^file that is not there', ['-H', '^missing', 'exec', 'x'], /there is no such file/],
    ['a ./file that is not there', ['-H', './missing', 'exec', 'x'], /there is no such file/],
    ['a hosts file that is a folder', ['--hostfile', '.', 'exec', 'x'], /it is a folder/],
    ['an unknown option', [...H, '--foo', 'exec', 'x'], /^pssh-ts: unknown option '--foo'$/],
    ['an unknown option of exec', [...H, 'exec', '--foo', 'x'], /^pssh-ts: unknown option '--foo'$/],
    ['a mistyped option', [...H, 'exec', '--dry-rum', 'x'], /Did you mean --dry-run\?/],
    [
      'an unknown option with a newline',
      [...H, '--a\nb\u001b[2J', 'exec'],
      /^pssh-ts: unknown option '--a b\?\[2J'$/,
    ],
    [
      'an option of exec before it',
      [...H, '--env', 'A=1', 'exec', 'x'],
      /it is an option of exec, write it after/,
    ],
    [
      'an option without its value',
      [...H, '-t'],
      /^pssh-ts: option '-t, --connect-timeout <duration>' argument missing$/,
    ],
    ['-h with a word', ['-h', 'hosts.txt', 'exec', 'uptime'], /--hostfile hosts\.txt/],
    ['-h with a word glued to it', ['-hhosts.txt', 'exec', 'uptime'], /--hostfile hosts\.txt/],
    ['-h among others with a word', ['-vh', 'hosts.txt', 'exec', 'uptime'], /--hostfile hosts\.txt/],
    ['-h with a word after exec', ['exec', '-h', 'hosts.txt', 'uptime'], /--hostfile hosts\.txt/],
    ['-h with an odd word', ['-h', 'a\nb', 'exec'], /--hostfile "a\\nb"/],
    ['a bad connect timeout', [...H, '-t', 'soon', 'exec', 'x'], /--connect-timeout: "soon" is no duration/],
    ['no time to connect', [...H, '-t', '0', 'exec', 'x'], /--connect-timeout: "0" leaves no time/],
    ['a bad timeout', [...H, 'exec', '-u', '1x', 'x'], /--timeout: "1x" is no duration/],
    ['no time', [...H, 'exec', '-u', '0', 'x'], /--timeout: "0" leaves no time/],
    ['a bad drain', [...H, 'exec', '--drain', '', 'x'], /--drain: "" is no duration/],
    ['a bad persist', [...H, '--persist', 'for ever', 'exec', 'x'], /--persist: "for ever" is no duration/],
    ['a fanout of 0', [...H, '-f', '0', 'exec', 'x'], /--fanout: "0" is no whole number from 1 to 10000/],
    ['a fanout that is no number', [...H, '-f', '1e3', 'exec', 'x'], /--fanout: "1e3" is no whole number/],
    [
      'an unknown transport',
      [...H, '--transport', 'muxx', 'exec', 'x'],
      /--transport: unknown transport "muxx"; write auto, mux, process/,
    ],
    [
      'bad retries',
      [...H, '--connect-retries', '-1', 'exec', 'x'],
      /--connect-retries: "-1" is no whole number/,
    ],
    ['a bad port', [...H, '--port', '65536', 'exec', 'x'], /--port: "65536" is no port/],
    ['a port of a host', ['-H', 'web1:0', 'exec', 'x'], /-H: .*port/],
    ['a bad user', [...H, '-l', '-x', 'exec', 'x'], /--user: user name "-x" begins with "-"/],
    ['an empty user', [...H, '-l', '', 'exec', 'x'], /--user: the user name is empty/],
    ['an empty jump', [...H, '-J', '', 'exec', 'x'], /-J: the host name is empty/],
    ['a jump that is an option', [...H, '-J', 'a,-oProxyCommand=id', 'exec', 'x'], /-J: .*begins with "-"/],
    ['a jump with a bad user', [...H, '-J', 'a;b@c', 'exec', 'x'], /-J: user name "a;b" holds ";"/],
    ['an -o without a value', [...H, '-o', 'Compression', 'exec', 'x'], /-o: "Compression" is no option/],
    ['an -o of ours', [...H, '-o', 'controlPATH=/x', 'exec', 'x'], /-o: controlPATH can't be set/],
    ['an -o of ours with a blank', [...H, '-o', 'BatchMode no', 'exec', 'x'], /-o: BatchMode can't be set/],
    ['a key that is not there', [...H, '-i', 'missing', 'exec', 'x'], /-i: no file "missing"/],
    ['a key that is a folder', [...H, '-i', '.', 'exec', 'x'], /-i: "\." is a folder/],
    ['a config that is not there', [...H, '-F', 'missing', 'exec', 'x'], /-F: no file "missing"/],
    [
      'a config that is a folder: ssh would silently use none',
      [...H, '-F', '.', 'exec', 'x'],
      /-F: "\." is a folder/,
    ],
    ['an exec without words', [...H, 'exec'], /no command to run; write it after exec/],
    ['an exec of nothing', [...H, 'exec', ' '], /no command to run/],
    ['-c "$UNSET"', [...H, 'exec', '-c', 'true', '-c', ''], /-c: the command is empty/],
    ['-c and words', [...H, 'exec', '-c', 'a', 'b', 'c'], /after -c and as words \("b c"\)/],
    ['-c and --argv', [...H, 'exec', '-c', 'a', '--argv'], /--argv is for the words/],
    ['--raw and --env', [...H, 'exec', '--raw', '--env', 'A=1', 'x'], /--raw sends the words alone/],
    ['--raw and --cwd', [...H, 'exec', '--raw', '--cwd', '/', 'x'], /--raw sends the words alone/],
    ['--env of what is not set', [...H, 'exec', '--env', 'NOT_SET', 'x'], /--env: "NOT_SET" is not set here/],
    ['--env without a name', [...H, 'exec', '--env', '=x', 'x'], /"" is no variable name/],
    ['--env with two lines', [...H, 'exec', '--env', 'A=1\n2', 'x'], /the value of A holds a newline/],
    ['--argv with two lines', [...H, 'exec', '--argv', 'a\nb'], /argument "a\\nb" holds a newline/],
    ['--cwd ""', [...H, 'exec', '--cwd', '', 'x'], /--cwd is empty/],
    ['a command that is too long', [...H, 'exec', 'x'.repeat(140_000)], /a server takes 131071/],
    ['a bad --max-output', [...H, 'exec', '--max-output', '1TB', 'x'], /--max-output: "1TB" is no size/],
    [
      'a --max-output of minus one',
      [...H, 'exec', '--max-output', '-1', 'x'],
      /--max-output: "-1" is no size/,
    ],
    ['masters alone', ['masters'], /masters: no command given; one of: list, open, close/],
    ['masters of no kind', ['masters', 'kill'], /masters: unknown command "kill"; one of: list, open, close/],
    [
      'files without a master',
      [...H, '--no-mux', 'get', 'x', '.'],
      /--no-mux: get needs a connection that several sessions share/,
    ],
    [
      'fetching without a master',
      [...H, '--no-mux', 'exec', '--fetch', 'a:b', 'x'],
      /--no-mux: --fetch needs a connection/,
    ],
    ['masters close with a bad expression', ['masters', 'close', 'a['], /-H: column 2 /],
  ])('%s', async (_what, args, line) => {
    const { code, out, err } = await dry(...args);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toMatch(/^pssh-ts: [^\n\u0000-\u001f\u007f]+\n$/);
    expect(err.trimEnd()).toMatch(line);
  });

  it.each<[string, RegExp]>([
    ['web1\nweb2 deploy x\n', /^pssh-ts: list:2:13: "x" is one word too many; /],
    ['web1\n\n# c\nweb3:99999\n', /^pssh-ts: list:4:6: "99999" is no port; /],
    ['web[1-\n', /^pssh-ts: list:1:1: /],
    ['web;1\n', /^pssh-ts: list:1:1: /],
  ])('a hosts file with a bad line, %j, gives file:line', async (text, line) => {
    writeFileSync('list', text);
    for (const option of [
      ['--hostfile', 'list'],
      ['-H', '^list'],
    ]) {
      const { code, out, err } = await dry(...option, 'exec', 'x');
      expect([code, out, err.split('\n').length]).toEqual([2, '', 2]);
      expect(err).toMatch(line);
    }
    const dotted = await dry('-H', './list', 'exec', 'x');
    expect(dotted.err).toMatch(/^pssh-ts: \.\/list:\d+:/);
  });
});

describe('help and version', () => {
  it('--version is that of the package', async () => {
    const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'));
    expect(await run(['--version'])).toEqual({ code: 0, out: `${version}\n`, err: '' });
  });

  it.each<[string[], RegExp, RegExp]>([
    [
      ['--help'],
      /^Usage: pssh-ts \[targets\]/,
      /--hostfile <file>[\s\S]*--fanout[\s\S]*--dry-run[\s\S]*exec[\s\S]*masters/,
    ],
    [['-h'], /^Usage: pssh-ts \[targets\]/, /masters/],
    [['-h', '-v'], /^Usage: pssh-ts \[targets\]/, /masters/],
    [['-H', 'web1', '--help'], /^Usage: pssh-ts \[targets\]/, /masters/],
    [
      ['exec', '--help'],
      /^Usage: pssh-ts exec /,
      /--hostfile <file>[\s\S]*--fanout[\s\S]*--timeout[\s\S]*--json/,
    ],
    [['exec', '-h'], /^Usage: pssh-ts exec /, /--keep-commands/],
    [['masters', '--help'], /^Usage: pssh-ts masters list\|open\|close/, /list[\s\S]*close/],
    [['masters', 'list', '--help'], /^Usage: pssh-ts masters list /, /--json/],
    [['masters', 'close', '-h'], /^Usage: pssh-ts masters close /, /hosts/],
  ])('%j goes to stdout and exits 0', async (args, head, body) => {
    const { code, out, err } = await run(args);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(head);
    expect(out).toMatch(body);
  });

  it("-h among the words of a command is the command's", async () => {
    const { code, out } = await dry('-H', 'web1', 'exec', '--dry-run', 'df', '-h', '/');
    expect({ code, out }).toEqual({ code: 0, out: `web1: [ssh -F ${config} web1] df -h /\n` });
  });
});

describe('--dry-run', () => {
  it('prints hosts, flags and commands, and says that nothing was run', async () => {
    const { code, out, err } = await dry(
      ...['-H', 'deploy@web1:2222,alias1', '-J', 'bastion', '-o', 'Compression=yes', '-f', '5'],
      ...['exec', '--dry-run', '-u', '90', '-c', 'uptime', '-c', 'id -u'],
    );
    const jump = '-J bastion -o Compression=yes';
    expect({ code, out, err }).toEqual({
      code: 0,
      out: [
        `deploy@web1:2222: [ssh -F ${config} -l deploy -p 2222 ${jump} web1] uptime`,
        `deploy@web1:2222: [ssh -F ${config} -l deploy -p 2222 ${jump} web1] id -u`,
        `alias1: [ssh -F ${config} ${jump} alias1] uptime`,
        `alias1: [ssh -F ${config} ${jump} alias1] id -u`,
        '',
      ].join('\n'),
      err: 'pssh-ts: dry run: 2 hosts, fanout 5, at most 90s each; nothing was run\n',
    });
  });

  it('joins the words as ssh does, or keeps them apart with --argv', async () => {
    const command = async (...args: string[]) =>
      (await dry('-H', 'web1', 'exec', '--dry-run', ...args)).out.replace(/^.*?\] /, '');
    expect(await command('echo', 'a  b', '$HOME')).toBe('echo a  b $HOME\n');
    expect(await command('--argv', 'echo', 'a  b', '$HOME')).toBe("echo 'a  b' '$HOME'\n");
    expect(await command('--', '-c', 'x')).toBe('-c x\n');
    expect(await command('ls', '--json', '-c', 'x')).toBe('ls --json -c x\n');
  });

  it('says one host in the singular', async () => {
    expect((await dry('-H', 'web1', 'exec', '--dry-run', 'x')).err).toBe(
      'pssh-ts: dry run: 1 host, fanout 32, no time limit; nothing was run\n',
    );
  });
});

describe('targets', () => {
  it('stand before and after the command, in the order written, repeats dropped', async () => {
    writeFileSync('list', 'f1\nf2\nc\n');
    expect(await targets('-H', 'c', '--hostfile', 'list', '-w', 'a,b')).toEqual(['c', 'f1', 'f2', 'a', 'b']);
    const { out } = await dry(
      '-H',
      'a',
      '-w',
      'b',
      'exec',
      '-H',
      'c,a',
      '--hostfile',
      'list',
      '--dry-run',
      'x',
    );
    expect(out.match(/^\w+/gm)).toEqual(['a', 'b', 'c', 'f1', 'f2']);
  });

  it('a hosts file as -H FILE is read, and a note says so', async () => {
    writeFileSync('hosts.txt', 'web1\ndeploy@web2:22\n');
    const { code, out, err } = await dry('-H', 'hosts.txt', 'exec', '--dry-run', 'x');
    expect(code).toBe(0);
    expect(out.match(/^[^ ]+(?=: )/gm)).toEqual(['web1', 'deploy@web2:22']);
    expect(err.split('\n')[0]).toBe(
      'pssh-ts: -H "hosts.txt" is read as a file of hosts (write ./hosts.txt to say so, or --hostfile)',
    );
  });

  it.each([['./hosts.txt'], ['^hosts.txt']])('%s is always a file, without a note', async (value) => {
    writeFileSync('hosts.txt', 'web1\n');
    const { out, err } = await dry('-H', value, 'exec', '--dry-run', 'x');
    expect(out).toMatch(/^web1: /);
    expect(err).not.toContain('is read as');
  });

  it('-q leaves the note out', async () => {
    writeFileSync('hosts.txt', 'web1\n');
    expect((await dry('-q', '-H', 'hosts.txt', 'exec', '--dry-run', 'x')).err).not.toContain('is read as');
  });

  it('an alias that is also the name of a file is the alias', async () => {
    writeFileSync('alias1', 'other1\nother2\n');
    expect(await targets('-H', 'alias1')).toEqual(['alias1']);
    const { err } = await dry('-H', 'alias1', 'exec', '--dry-run', 'x');
    expect(err).not.toContain('is read as');
  });

  it.each<[string, string]>([
    ['a script', '#!/bin/sh\nexec true; exit 1\n'],
    ['an empty file', ''],
    ['comments alone', '# nothing\n'],
    ['a line that is no host', 'web1\nnot a host line\n'],
  ])('a name that is also %s is the name of a host', async (_what, text) => {
    writeFileSync('web1', text);
    expect(await targets('-H', 'web1')).toEqual(['web1']);
  });

  it('a folder is never taken for a hosts file', async () => {
    mkdirSync('web1');
    expect(await targets('-H', 'web1')).toEqual(['web1']);
  });

  it('a pattern names the aliases of the config in force', async () => {
    expect(await targets('-H', 'alias*')).toEqual(['alias1', 'alias2']);
  });
});

describe('options before and after the command', () => {
  const flags = async (...args: string[]): Promise<string> => {
    const { code, out, err } = await dry(...args, '--dry-run', 'x');
    expect([code, err]).toEqual([0, expect.stringContaining('dry run')]);
    return out.replace(/^web1: \[ssh -F \S+ (.*) ?web1\] x\n$/, '$1').trimEnd();
  };

  it('lists add up, the outer first', async () => {
    writeFileSync('k1', '');
    writeFileSync('k2', '');
    expect(
      await flags(...['-H', 'web1', '-o', 'A=1', '-i', 'k1', 'exec', '-o', 'B=2', '-o', 'C=3', '-i', 'k2']),
    ).toBe('-i k1 -i k2 -o A=1 -o B=2 -o C=3');
  });

  it('of the rest the later word counts', async () => {
    expect(await flags('-H', 'web1', '-l', 'a', '--port', '1', 'exec', '-l', 'b')).toBe('-l b -p 1');
    expect(await flags('-H', 'web1', '-l', 'a', '-l', 'c', 'exec')).toBe('-l c');
  });

  it('fit in either place', async () => {
    const before = await dry('-H', 'web1', '-l', 'u', '-f', '3', '--dry-run', 'exec', 'x');
    const after = await dry('exec', '-H', 'web1', '-l', 'u', '-f', '3', '--dry-run', 'x');
    expect(before.code).toBe(0);
    expect(after).toEqual(before);
  });

  it('--env NAME takes our value', async () => {
    const args = ['-F', config, '-H', 'web1', 'exec', '--dry-run', '--env', 'TOKEN', 'x'];
    expect((await run(args, { TOKEN: 'secret' })).code).toBe(0);
    expect((await run(args, {})).code).toBe(2);
    expect((await run(args, { TOKEN: 'a\nb' })).err).toMatch(/the value of TOKEN/);
  });
});
