import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  findRecord,
  readRecord,
  recordFolder,
  recordIds,
  writeRecord,
} from '../../../src/cli/record-store.js';
import { recordedEnv, recordedOptions } from '../../../src/cli/recorded-options.js';
import { RECORD_SCHEMA, type RunRecord, recordId, withoutValues } from '../../../src/core/record.js';
import { tempFolder } from '../temp-folder.js';

const temp = tempFolder();
const folder = (): string => temp.file('state/pssh-ts/runs');

function makeRecord(second: number, rest: Partial<RunRecord> = {}): RunRecord {
  const startedAt = new Date(Date.UTC(2026, 10, 22, 12, 0, second));
  return {
    schema: RECORD_SCHEMA,
    id: recordId(startedAt, 'beef'),
    command: 'exec',
    commands: ['true'],
    startedAt: startedAt.toISOString(),
    durationMs: 1,
    exitCode: 0,
    cwd: '/',
    env: [],
    options: {},
    hosts: [],
    ...rest,
  };
}

describe('recordFolder', () => {
  it.each([
    [{ XDG_STATE_HOME: '/x/state', HOME: '/home/me' }, '/x/state/pssh-ts/runs'],
    [{ XDG_STATE_HOME: 'relative', HOME: '/home/me' }, '/home/me/.local/state/pssh-ts/runs'],
    [{ HOME: '/home/me' }, '/home/me/.local/state/pssh-ts/runs'],
  ])('%j', (env, expected) => {
    expect(recordFolder(env)).toBe(expected);
  });
});

describe('records', () => {
  it('are private, sorted by time, and come back as they were', () => {
    for (const second of [5, 1, 3]) writeRecord(folder(), makeRecord(second), {});
    expect(recordIds(folder())).toEqual([5, 3, 1].map((second) => makeRecord(second).id));
    expect(readRecord(folder(), findRecord(folder(), 'last'))).toEqual(makeRecord(5));
    const [name = ''] = readdirSync(folder());
    expect(statSync(`${folder()}/${name}`).mode & 0o777).toBe(0o600);
    expect(statSync(folder()).mode & 0o777).toBe(0o700);
  });

  it('are found by how their ids begin, and told apart', () => {
    for (const second of [1, 2]) writeRecord(folder(), makeRecord(second), {});
    expect(findRecord(folder(), '20261122-120001')).toBe(makeRecord(1).id);
    expect(() => findRecord(folder(), '2026')).toThrow(/"2026" names 2 runs/);
    expect(() => findRecord(folder(), 'x')).toThrow(/"x" names no run/);
    expect(() => findRecord(temp.file('none'), 'last')).toThrow(/no run is recorded yet/);
  });

  it('the last fifty are kept, the oldest go now and then; what is not ours stays', () => {
    mkdirSync(folder(), { recursive: true, mode: 0o700 });
    writeFileSync(`${folder()}/notes.txt`, '');
    for (let second = 0; second < 65; second += 1) {
      writeRecord(folder(), makeRecord(second), {});
      expect(readdirSync(folder()).length).toBeLessThanOrEqual(61);
    }
    expect(recordIds(folder())).toHaveLength(50);
    expect(recordIds(folder())[0]).toBe(makeRecord(64).id);
    expect(readdirSync(folder())).toContain('notes.txt');
  });

  it('what a killed run left half written goes after an hour', () => {
    writeRecord(folder(), makeRecord(1), {});
    const [old, young] = ['.a.tmp', '.b.tmp'].map((name) => `${folder()}/${name}`);
    for (const file of [old, young]) writeFileSync(file ?? '', '');
    utimesSync(old ?? '', 0, 0);
    writeRecord(folder(), makeRecord(2), {});
    expect(readdirSync(folder()).filter((name) => name.endsWith('.tmp'))).toEqual(['.b.tmp']);
  });

  it('go into no folder that is a link, and into none that others can read', () => {
    mkdirSync(temp.file('elsewhere'));
    mkdirSync(temp.file('state/pssh-ts'), { recursive: true });
    symlinkSync(temp.file('elsewhere'), folder());
    expect(() => writeRecord(folder(), makeRecord(1), {})).toThrow('it is no folder');
    expect(readdirSync(temp.file('elsewhere'))).toEqual([]);
    mkdirSync(temp.file('open'), { mode: 0o755 });
    chmodSync(temp.file('open'), 0o755);
    writeRecord(temp.file('open'), makeRecord(1), {});
    expect(statSync(temp.file('open')).mode & 0o777).toBe(0o700);
  });

  it('of another schema are refused', () => {
    writeRecord(folder(), makeRecord(1, { schema: 'other@1' as typeof RECORD_SCHEMA }), {});
    expect(() => readRecord(folder(), makeRecord(1).id)).toThrow('its schema is "other@1"');
    expect(readFileSync(`${folder()}/${makeRecord(1).id}.json`, 'utf8')).toContain('other@1');
  });
});

describe('what is recorded of the options', () => {
  it('is what shapes a run, without targets, views and values of variables', () => {
    const options = {
      host: [{ kind: 'host', value: 'web1' }],
      env: ['A=secret', 'B'],
      sshOption: ['SetEnv=TOKEN=secret', 'setenv TOKEN=secret', 'Port=22'],
      fanout: '5',
      verbose: 2,
      json: true,
      junit: 'x',
    } as const;
    expect(recordedOptions(options)).toEqual({ sshOption: ['SetEnv', 'SetEnv', 'Port=22'], fanout: '5' });
    expect(recordedEnv(options)).toEqual(['A', 'B']);
    expect(withoutValues('SetEnvironment=x')).toBe('SetEnvironment=x');
  });
});
