import { describe, expect, it } from 'vitest';
import { frameCommand } from '../../../src/core/command.js';
import { planCommands } from '../../../src/run/plan.js';
import { makeTarget } from '../make.js';

const targets = [
  makeTarget('web1'),
  makeTarget('10.0.0.2', { index: 1, vars: { inventory_hostname: 'db1' }, label: 'root@10.0.0.2' }),
];

describe('planCommands', () => {
  it('gives each host its own variables, and each command a step', () => {
    const plan = planCommands(targets, ['uptime', 'id'], { env: { A: '1' }, raw: false });
    expect(plan.map(({ target }) => target)).toEqual(targets);
    const frame = (words: string, host: string, index: number): string =>
      frameCommand(words, {
        env: { PSSH_HOST: host, PSSH_NODENUM: `${index}`, PSSH_NUMNODES: '2', A: '1' },
      });
    expect(plan.map(({ steps }) => steps)).toEqual([
      [
        { command: 'uptime', text: frame('uptime', 'web1', 0) },
        { command: 'id', text: frame('id', 'web1', 0) },
      ],
      [
        { command: 'uptime', text: frame('uptime', 'db1', 1) },
        { command: 'id', text: frame('id', 'db1', 1) },
      ],
    ]);
  });

  it("lets the user's own value of a variable win", () => {
    const [first] = planCommands(targets, ['x'], { env: { PSSH_HOST: 'mine' }, raw: false });
    expect(first?.steps[0]?.text).toContain('PSSH_HOST=mine');
    expect(first?.steps[0]?.text).not.toContain('web1');
  });

  it('sends the words alone with raw', () => {
    const [first] = planCommands(targets, ['show version'], { env: {}, raw: true });
    expect(first?.steps).toEqual([{ command: 'show version', text: 'show version' }]);
  });

  it('passes the folder on', () => {
    const [first] = planCommands(targets, ['pwd'], { env: {}, raw: false, cwd: '/srv' });
    expect(first?.steps[0]?.text).toMatch(/\ntest -x \/srv\/\. \|\| .*\ncd \/srv\npwd$/);
  });

  it('finds what can not be sent before the first connection', () => {
    expect(() => planCommands(targets, ['ok', 'a\0b'], { env: {}, raw: false })).toThrow(/NUL/);
  });

  it('can not be changed afterwards', () => {
    expect(Object.isFrozen(planCommands(targets, ['x'], { env: {}, raw: false }))).toBe(true);
  });
});
