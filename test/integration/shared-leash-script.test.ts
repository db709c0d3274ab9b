import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sharedLeashCommand } from '../../src/run/leash/shared-leash-script.js';
import { ensureShells, SHELLS, type ShellName } from '../fleet/ensure-shells.js';
import { armLeash } from './armed-leash.js';

const MARK = '0123456789abcdef01';

let shells: Readonly<Record<ShellName, string>>;
let folder: string;

beforeAll(() => {
  shells = ensureShells((line) => console.log(line));
  folder = mkdtempSync(join(tmpdir(), 'pt-'));
  // Processes as the test wants them, of a server that is the leash's parent here: this very process.
  const table = `case "$*" in
*comm=*) echo "${process.pid} sshd";;
*pid=*args=*) sed "s/SERVER/${process.pid}/g" < "$TABLE";;
esac`;
  writeFileSync(join(folder, 'ps'), `#!/bin/sh\n${table}\n`);
  chmodSync(join(folder, 'ps'), 0o755);
}, 300_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each([0.2, 1, 5, 3600])(
  'with a grace of %s s nothing in it means different things to two shells',
  (grace) => {
    const command = sharedLeashCommand({ graceSeconds: grace, silenceSeconds: 45 });
    const inner = /^exec sh -c '(.*)' '\$'\\!''$/.exec(command)?.[1];
    expect(inner).toBeDefined();
    expect(inner).not.toMatch(/['!\\\n\r]/);
    expect(inner).toMatch(/^[ -~]+$/);
  },
);

/** PID PPID SID STAT ARGS, and variables behind them. No pid of these exists: they are beyond what a system gives. */
const TABLE = [
  // The first task: its shell, a child of another group, one that left its session, a zombie.
  `99000001 SERVER 99000001 Ss sh -c export PSSH_MARK=${MARK}.1. sleep`,
  '99000002 99000001 99000001 S sleep 5',
  `99000003 1 99000003 Ss daemon PSSH_MARK=${MARK}.1.`,
  '99000004 99000001 99000001 Z [sh]',
  // The twelfth: its shell was replaced by the program, which has the variable alone.
  `99000012 SERVER 99000012 Ss  sleep 7 A=b PSSH_MARK=${MARK}.12. C=d`,
  // A stranger's.
  `99000020 77 99000020 Ss sh -c vi PSSH_MARK=ffff.1.`,
  '',
].join('\n');

const TOOLS = [
  ['awk', ''],
  ['the shell alone', 'sh sed rm sleep kill cat'],
] as const;

describe.each(SHELLS)('%s', (shell) => {
  /** Says the words once it is armed, then the input ends. */
  async function talk(words: readonly string[], only = ''): Promise<string[]> {
    const table = join(folder, `table-${shell}`);
    writeFileSync(table, TABLE);
    let path = `${folder}:${process.env.PATH}`;
    if (only !== '') {
      const bin = join(folder, `bin-${shell}`);
      mkdirSync(bin, { recursive: true });
      for (const tool of only.split(' ')) {
        writeFileSync(join(bin, tool), `#!/bin/sh\nexec /bin/${tool} "$@"\n`);
        chmodSync(join(bin, tool), 0o755);
      }
      path = `${folder}:${bin}`;
    }
    const env = { HOME: folder, PATH: path, TABLE: table, TMPDIR: folder };
    mkdirSync(join(folder, `pssh-ts-${MARK}`), { recursive: true });
    const command = sharedLeashCommand({ graceSeconds: 0.2, silenceSeconds: 45 });
    const { child, said, closed } = await armLeash(shells[shell], command, {
      env,
      cwd: folder,
      first: MARK,
      deadlineMs: 20_000,
    });
    child.stdin.end(words.map((word) => `${word}\n`).join(''));
    await closed;
    expect(said.err).toBe('');
    return said.out.split('\n').slice(2, -1);
  }

  test.each(TOOLS)('knows each command by its mark, with %s', async (_, only) => {
    const words = [
      'a 1',
      `l 2 ${MARK}.1.`,
      `l 3 ${MARK}.12.`,
      `l 4 ${MARK}.2.`,
      'l 5 ffff.1.',
      `s 6 TERM ${MARK}.1.`,
      `s 7 KILL ${MARK}.9. 99000012`,
      'nonsense',
      'q',
      'l 8 x',
    ];
    expect(await talk(words, only)).toEqual([
      'r 1 0 99000001 99000012',
      'r 2 2 99000001',
      'r 3 1 99000012',
      'r 4 0',
      'r 5 0',
      'r 6 2 99000001',
      'r 7 1 99000012',
    ]);
  });

  test('at the end of its input the folder of the files goes, and it leaves', async () => {
    expect(await talk(['a 1'])).toEqual(['r 1 0 99000001 99000012']);
    expect(existsSync(join(folder, `pssh-ts-${MARK}`))).toBe(false);
  });
});
