import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { frameCommand, joinWords } from '../../src/core/command.js';
import { quoteForShell } from '../../src/core/quote.js';
import { fillCommand } from '../../src/core/template.js';
import { type Script, scriptCommand } from '../../src/run/script-command.js';
import { ensureShells, SHELLS, type ShellName } from '../fleet/ensure-shells.js';
import { VALUES } from './awkward-values.js';

let shells: Readonly<Record<ShellName, string>>;
let home: string;

beforeAll(() => {
  shells = ensureShells((line) => console.log(line));
  home = mkdtempSync(join(tmpdir(), 'pt-'));
}, 300_000);
afterAll(() => rmSync(home, { recursive: true, force: true }));

interface Ran {
  readonly status: number | string | null | undefined;
  readonly out: string;
  readonly err: string;
}

/** `SHELL -c TEXT`, as sshd starts a command, with the few variables that sshd sets. */
function run(shell: ShellName, text: string, env: NodeJS.ProcessEnv = {}, input?: Uint8Array): Promise<Ran> {
  return new Promise((resolve) => {
    const { PATH } = process.env;
    const options = { env: { PATH, HOME: home, ...env }, cwd: home, timeout: 30_000 };
    const child = execFile(shells[shell], ['-c', text], options, (error, out, err) =>
      resolve({ status: error === null ? 0 : error.code, out, err }),
    );
    // A script that ends early does not read all of its input.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input);
  });
}

const LOCALES = [{}, { LC_ALL: 'C.UTF-8' }];

test('the corpus is as large as it claims', () => {
  expect(new Set(VALUES).size).toBe(VALUES.length);
  expect(VALUES.length).toBeGreaterThanOrEqual(40);
});

describe.each(SHELLS)('%s', (shell) => {
  const words = async (values: readonly string[], env?: NodeJS.ProcessEnv): Promise<string[]> => {
    const { out, err } = await run(shell, `printf '%s\\n' ${joinWords(values, true)}`, env);
    expect(err).toBe('');
    return out.split('\n').slice(0, -1);
  };
  const variables = async (values: readonly string[], env?: NodeJS.ProcessEnv): Promise<string[]> => {
    const set = Object.fromEntries(values.map((value, index) => [`V${index}`, value]));
    // `env`, because printenv is built into tcsh and takes one name there.
    const { out, err } = await run(shell, frameCommand('env', { env: set }), env);
    expect(err).toBe('');
    const lines = new Map(
      out.split('\n').map((line) => [line.split('=', 1)[0], line.replace(/^[^=]*=/, '')]),
    );
    return Object.keys(set).map((name) => lines.get(name) ?? '(not set)');
  };

  test.each(LOCALES)('reads every awkward value as one word with %j', async (locale) => {
    expect(await words(VALUES, locale)).toEqual(VALUES);
  });

  test.each(LOCALES)('gets every awkward value through a template with %j', async (locale) => {
    const named = Object.fromEntries(VALUES.map((value, index) => [`v${index}`, value]));
    const places = VALUES.map((_, index) => `{v${index}}`).join(' ');
    const { out, err } = await run(shell, fillCommand(`printf '%s\\n' ${places}`, named, 'web1'), locale);
    expect(err).toBe('');
    expect(out.split('\n').slice(0, -1)).toEqual(VALUES);
  });

  test.each(LOCALES)('gets every awkward value as a variable with %j', async (locale) => {
    expect(await variables(VALUES, locale)).toEqual(VALUES);
  });

  // Each alone too: two faults that cancel each other out must not pass.
  test.each(["foo\\' '; echo INJECTED #", '%self', '!', '', '\\', '~', '-n'])(
    'reads %j alone',
    async (value) => {
      expect(await words([value])).toEqual([value]);
      expect(await variables([value])).toEqual([value]);
    },
  );

  test('reads any text without a newline as it is', async () => {
    const text = fc.oneof(
      fc.string({ unit: fc.constantFrom(...`'"\\!$\`~*?[]{}()<>|&;#%^@=-+:,. \taé`) }),
      fc.string({ unit: 'binary' }).map((value) => value.replace(/[\u0000\n\r]/g, '')),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(text, { minLength: 20, maxLength: 60 }), async (values) => {
        expect(await words(values)).toEqual(values);
        expect(await variables(values)).toEqual(values);
      }),
      { numRuns: 8, endOnFailure: true },
    );
  });

  test('runs what the user wrote as if nothing stood before it', async () => {
    const texts = [
      'exit 44',
      'echo out; exit 3',
      'false',
      'true',
      'echo a\necho b',
      'echo a && echo b || echo c',
      'echo "double $HOME" \'single $HOME\'',
      'ls /nonexistent-pt',
      'cat',
      '(echo sub; exit 7)',
      '# only a comment',
      'echo last &\nwait',
      'kill -KILL $$',
      'echo no newline at the end | tr -d "\\n"',
    ];
    // fish has neither `(…)` nor `$$`; csh prints the process id of what it puts into the background.
    const foreign = { fish: /^\(|\$\$/, csh: /&\n/, tcsh: /&\n/ } as Readonly<
      Partial<Record<ShellName, RegExp>>
    >;
    for (const text of texts.filter((one) => foreign[shell]?.test(one) !== true)) {
      const { status, out } = await run(shell, text);
      const framed = frameCommand(text, { env: { PSSH_HOST: "it's", PSSH_NODENUM: '0' } });
      expect({ text, ...(await run(shell, framed)), err: '' }).toEqual({ text, status, out, err: '' });
    }
  });

  test('the frame itself says nothing and reads no variable', async () => {
    const unset = shell === 'tcsh' || shell === 'csh' || shell === 'fish' ? '' : 'set -u\n';
    const text = `${unset}${frameCommand('echo $A$B', { env: { A: '1', B: '2' } })}`;
    expect(await run(shell, text)).toEqual({ status: 0, out: '12\n', err: '' });
  });

  test('a variable of the frame replaces one that was there', async () => {
    const framed = frameCommand('printenv A', { env: { A: 'new' } });
    expect((await run(shell, framed, { A: 'old' })).out).toBe('new\n');
  });

  describe('--script', () => {
    const script = (lines: readonly string[], interpreter: Script['interpreter'], name = 'x'): Script => ({
      name,
      bytes: Buffer.from(`${lines.join('\n')}\n`),
      interpreter,
    });
    const sh = { program: 'sh', argument: '' };
    const runScript = async (what: Script, args: readonly string[]): Promise<Ran> => {
      const temp = mkdtempSync(join(home, 'temp-'));
      const text = frameCommand(scriptCommand(what, args, 'id'), { env: { A: "it's", TMPDIR: temp } });
      const ran = await run(shell, text, {}, what.bytes);
      expect(readdirSync(temp)).toEqual([]);
      return ran;
    };

    test('gets every awkward value as an argument, and its own name', async () => {
      // biome-ignore lint/suspicious/noTemplateCurlyInString: a shell's braces
      const lines = ['echo "${0##*/} $A"', 'for word; do printf "%s\\n" "$word"; done', 'exit 44'];
      const { status, out, err } = await runScript(script(lines, sh, "na'me !.sh"), VALUES);
      expect({ status, err }).toEqual({ status: 44, err: '' });
      expect(out.split('\n')).toEqual(["na'me !.sh it's", ...VALUES, '']);
    });

    test('an argument may hold lines', async () => {
      const { out } = await runScript(script(['printf "<%s>" "$@"'], sh), ['a\nb', '', 'c\\n']);
      expect(out).toBe('<a\nb><><c\\n>');
    });

    test('is run by what its first line says, with its one argument; its input is empty', async () => {
      const lines = ['BEGIN { print ARGV[2]; print (getline line) }', '{ print "never" }'];
      const awk = { program: '/usr/bin/env', argument: '-S awk -f' };
      expect(await runScript(script(lines, awk), ['/dev/null'])).toMatchObject({ out: '\n0\n' });
      const reads = await runScript(script(['cat; echo end'], sh), []);
      expect(reads).toEqual({ status: 0, out: 'end\n', err: '' });
    });

    test('one whose program is not there ends with 127, and one that comes cut short is not run', async () => {
      const missing = await runScript(script(['x'], { program: '/nonexistent/pt', argument: '' }), []);
      expect(missing.status).toBe(127);
      expect(missing.err).toContain('/nonexistent/pt');
      const whole = script(['echo RAN'], sh);
      const text = scriptCommand({ ...whole, bytes: Buffer.alloc(whole.bytes.length + 1) }, [], 'id');
      expect(await run(shell, text, {}, whole.bytes)).toEqual({
        status: 125,
        out: '',
        err: 'pssh-ts: the script came cut short\n',
      });
    });
  });

  describe('--cwd', () => {
    const folders = [
      'plain',
      'a b',
      "it's",
      '-',
      '-x',
      '+1',
      '!',
      '$HOME',
      '~',
      'back\\slash',
      'ä',
      '%self',
      '*',
    ];

    test.each(folders)('%j below the home folder', async (folder) => {
      mkdirSync(join(home, folder), { recursive: true });
      for (const cwd of [folder, `${folder}/`, join(home, folder)]) {
        const ran = await run(shell, frameCommand('/bin/pwd', { env: {}, cwd }));
        expect({ cwd, ...ran }).toEqual({ cwd, status: 0, out: `${join(home, folder)}\n`, err: '' });
      }
    });

    test('/ is a folder too', async () => {
      expect(await run(shell, frameCommand('/bin/pwd', { env: {}, cwd: '/' }))).toMatchObject({
        status: 0,
        out: '/\n',
      });
    });

    test('a CDPATH of the login does not lead elsewhere', async () => {
      mkdirSync(join(home, 'elsewhere', 'plain'), { recursive: true });
      mkdirSync(join(home, 'plain'), { recursive: true });
      const env = { CDPATH: join(home, 'elsewhere') };
      const before = shell === 'tcsh' || shell === 'csh' ? `set cdpath = (${env.CDPATH})\n` : '';
      const text = before + frameCommand('/bin/pwd', { env: {}, cwd: 'plain' });
      expect(await run(shell, text, env)).toEqual({ status: 0, out: `${join(home, 'plain')}\n`, err: '' });
    });

    test.each(['missing', '/nonexistent/pt', '-missing', "it's missing"])(
      'where %j is not there nothing runs, status 125',
      async (cwd) => {
        const ran = await run(shell, frameCommand('echo RAN', { env: { A: '1' }, cwd }));
        expect(ran).toMatchObject({ status: 125, out: '' });
      },
    );
  });
});

test('what no two shells read alike is refused, not sent', () => {
  for (const value of ['a\nb', '\n', 'a\rb', 'a\0b'])
    expect(() => quoteForShell(value)).toThrow(/newline or NUL/);
});
