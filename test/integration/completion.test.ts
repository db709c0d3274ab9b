import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ensureShells } from '../fleet/ensure-shells.js';
import { until } from '../fleet/until.js';
import { BIN, runCli } from './cli.js';
import { Terminal } from './tmux.js';

const SLOW = { deadlineMs: 30_000, everyMs: 50 };
const PROMPT = 'ready>';

let dir: string;
let env: NodeJS.ProcessEnv;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'pt-tab-'));
  const home = join(dir, 'home');
  const work = join(dir, 'work');
  for (const folder of ['home', 'bin', 'run', 'work', 'work/out', 'home/.config', 'home/.config/pssh-ts'])
    await mkdir(join(dir, folder), { mode: 0o700 });
  const files: Readonly<Record<string, string>> = {
    'bin/pssh-ts': `#!/bin/sh\nexec ${process.execPath} ${BIN} "$@"\n`,
    ssh_config: 'Host web1 web2 bastion\n  HostName 127.0.0.1\nHost *.example.com\n  User x\n',
    'home/.config/pssh-ts/config.ini': '[group.frontend]\nhosts = web[1-2]\n[group.quiet]\nhosts = web1\n',
    'work/hosts.ini': '[staging]\nstage1\n\n[staging:vars]\nansible_user=x\n',
    'work/report.xml': '',
    'work/my notes.txt': '',
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(dir, name), text);
  await chmod(join(dir, 'bin/pssh-ts'), 0o755);
  env = {
    PATH: `${join(dir, 'bin')}${delimiter}${process.env.PATH}`,
    HOME: home,
    XDG_RUNTIME_DIR: join(dir, 'run'),
    PSSH_TS_SSH_CONFIG: join(dir, 'ssh_config'),
    LC_ALL: 'C.UTF-8',
    WORK: work,
  };
});
afterAll(() => rm(dir, { recursive: true, force: true }));

/** How each shell is started with our script, as its users' own files would. */
const SHELLS = {
  bash: {
    file: 'bashrc',
    text: `PS1='${PROMPT} '; bind 'set bell-style none'; eval "$(pssh-ts completion bash)"\n`,
    start: (rc: string) => ['--noprofile', '--rcfile', rc, '-i'],
  },
  zsh: {
    file: '.zshrc',
    text: `PS1='${PROMPT} '; unsetopt beep; autoload -Uz compinit; compinit -u -D; eval "$(pssh-ts completion zsh)"\n`,
    start: () => ['-d', '-i'],
  },
  fish: {
    file: 'setup.fish',
    text: `function fish_prompt; echo -n '${PROMPT} '; end; function fish_right_prompt; end
set -g fish_greeting; set -g fish_autosuggestion_enabled 0; pssh-ts completion fish | source\n`,
    start: (rc: string) => ['--no-config', '--private', '-i', '-C', `source ${rc}`],
  },
} as const;

/** What is typed, and what stands there after a Tab. */
const LINES: readonly (readonly [typed: string, completed: string])[] = [
  ['pssh-ts comp', 'pssh-ts completion'],
  ['pssh-ts completion z', 'pssh-ts completion zsh'],
  ['pssh-ts masters li', 'pssh-ts masters list'],
  ['pssh-ts runs show la', 'pssh-ts runs show last'],
  ['pssh-ts -H web1 exec --gat', 'pssh-ts -H web1 exec --gather'],
  ['pssh-ts exec --format=js', 'pssh-ts exec --format=json'],
  ['pssh-ts exec --on-disconnect le', 'pssh-ts exec --on-disconnect leave'],
  ['pssh-ts --transport pro', 'pssh-ts --transport process'],
  ['pssh-ts -H bas', 'pssh-ts -H bastion'],
  ['pssh-ts -Hbas', 'pssh-ts -Hbastion'],
  ['pssh-ts --host=bas', 'pssh-ts --host=bastion'],
  ['pssh-ts -H web1,bas', 'pssh-ts -H web1,bastion'],
  ["pssh-ts -H 'web1,bas", "pssh-ts -H 'web1,bastion"],
  ["pssh-ts -H 'web1 bas", "pssh-ts -H 'web1 bastion"],
  ['pssh-ts -H deploy@bas', 'pssh-ts -H deploy@bastion'],
  ['pssh-ts -H web1,web', 'pssh-ts -H web1,web2'],
  ['pssh-ts -w web1 -x bas', 'pssh-ts -w web1 -x bastion'],
  ['pssh-ts -J bas', 'pssh-ts -J bastion'],
  ['pssh-ts masters close bas', 'pssh-ts masters close bastion'],
  ['pssh-ts -g fr', 'pssh-ts -g frontend'],
  ['pssh-ts -H @fr', 'pssh-ts -H @frontend'],
  ['pssh-ts -H web1,@fr', 'pssh-ts -H web1,@frontend'],
  ['pssh-ts --hostfile hosts.ini -H sta', 'pssh-ts --hostfile hosts.ini -H stage1'],
  ['pssh-ts --hostfile hosts.ini -g st', 'pssh-ts --hostfile hosts.ini -g staging'],
  ['pssh-ts --hostfile ho', 'pssh-ts --hostfile hosts.ini'],
  ['pssh-ts -H ^ho', 'pssh-ts -H ^hosts.ini'],
  ['pssh-ts exec --junit rep', 'pssh-ts exec --junit report.xml'],
  ['pssh-ts exec --junit=rep', 'pssh-ts exec --junit=report.xml'],
  ['pssh-ts exec --outdir o', 'pssh-ts exec --outdir out/'],
  ['pssh-ts put rep', 'pssh-ts put report.xml'],
  ['pssh-ts put my', 'pssh-ts put my\\ notes.txt'],
  // Nothing fits, and the remote's words are not ours to guess.
  ['pssh-ts -H nob', 'pssh-ts -H nob'],
  ['pssh-ts -H web1 exec rep', 'pssh-ts -H web1 exec rep'],
  ['pssh-ts -H web[1', 'pssh-ts -H web[1'],
];

describe.each(Object.keys(SHELLS) as (keyof typeof SHELLS)[])('%s', (name) => {
  let terminal: Terminal;
  const shown = async (): Promise<string> => (await terminal.lines()).join('\n');
  beforeAll(async () => {
    const program = ensureShells((line) => console.log(line))[name];
    const { file, text, start } = SHELLS[name];
    const rc = join(dir, 'home', file);
    await writeFile(rc, text);
    const words = ['sh', '-c', 'cd "$WORK" && exec "$@"', 'sh', program, ...start(rc)];
    terminal = await Terminal.start(words, env, 110);
    await until(async () => (await shown()).endsWith(PROMPT), { ...SLOW, what: `${name}'s prompt` });
  });
  afterAll(() => terminal.close());

  test.each(LINES.map(([typed, completed], place) => ({ typed, completed, place })))(
    '$typed',
    async ({ typed, completed, place }) => {
      // What is typed behind it comes after the completion, however long that took. A quote may have been closed.
      const mark = `%${place}%`;
      await terminal.press('C-u', 'Enter');
      await terminal.type(typed);
      await terminal.press('Tab');
      await terminal.type(mark);
      const line = async (): Promise<string> =>
        (await terminal.lines()).filter((one) => one.startsWith(PROMPT)).at(-1) ?? '';
      await until(async () => (await line()).endsWith(mark), {
        ...SLOW,
        what: `the line after the Tab, not ${await shown()}`,
      });
      expect(
        (await line())
          .slice(PROMPT.length + 1, -mark.length)
          .trimEnd()
          .replace(/(?<='.*)'$/, ''),
      ).toBe(completed);
    },
  );
});

test('a Tab says nothing on stderr and does not fail, whatever is wrong', async () => {
  const broken = join(dir, 'broken.ini');
  await writeFile(broken, '[nonsense\n=');
  for (const words of [
    [],
    ['ksh', 'x'],
    ['fish'],
    ['fish', '--config', broken, '-H', 'w'],
    ['fish', '--config', join(dir, 'none'), '-g', ''],
    ['zsh', '--hostfile', '-', '-H', ''],
    ['zsh', '-F', dir, '-H', ''],
    ['bash', ':', '--nonsense', '=', '-H', ']['],
  ]) {
    const { code, err } = await runCli(['__complete', ...words], { env });
    expect([code, err], words.join(' ')).toEqual([0, '']);
  }
});

test('names that a shell would read are not offered', async () => {
  const file = join(dir, 'hostile.json');
  const hosts = ['good', 'a;id', 'sp ace'];
  const hostvars = Object.fromEntries(hosts.map((name, place) => [name, { ansible_host: `h${place}` }]));
  const groups = { all: { hosts }, '$(id)': { hosts: ['good'] }, _meta: { hostvars } };
  await writeFile(file, JSON.stringify(groups));
  const { out } = await runCli(['__complete', 'fish', '--hostfile', file, '-H', ''], { env });
  const offered = out
    .split('\n')
    .slice(3)
    .map((line) => line.split('\t')[0]);
  expect(offered).toEqual([
    'good',
    'web1',
    'web2',
    'bastion',
    '@all',
    '@ungrouped',
    '@frontend',
    '@quiet',
    '',
  ]);
  const all = await runCli(['--hostfile', file, '-a', 'hosts'], { env });
  expect(all.out).toBe('good\na;id\nsp ace\n');
});

test('an unknown shell is a usage error that names the three', async () => {
  const { code, err } = await runCli(['completion', 'powershell'], { env });
  expect([code, err]).toEqual([
    2,
    'pssh-ts: completion: there is no script for "powershell"; write one of bash, zsh, fish\n',
  ]);
});
