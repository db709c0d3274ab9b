import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runCommand } from '../../docker/run-command.js';
import { until } from '../../fleet/until.js';

const deadlineMs = 10_000;

test('gives the status and what was said', async () => {
  const end = await runCommand(['sh', '-c', 'echo out; echo err >&2; exit 3'], { deadlineMs });
  expect(end).toEqual({ code: 3, stdout: 'out\n', stderr: 'err\n' });
});

test('a program that is not there is no exception', async () => {
  const end = await runCommand(['no-such-program-here'], { deadlineMs });
  expect(end).toEqual({ code: null, stdout: '', stderr: 'not found' });
});

test('an abort ends the command and what it started', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'pt-'));
  const file = join(dir, 'pid');
  const canceled = new AbortController();
  const ended = runCommand(['sh', '-c', 'sleep 60 & echo $! >"$0"; wait', file], {
    deadlineMs,
    signal: canceled.signal,
  });
  const readPid = async () => Number(await readFile(file, 'utf8').catch(() => ''));
  const pid = await until(readPid, { deadlineMs, what: 'the background process' });
  canceled.abort();
  expect((await ended).code).toBeNull();
  const isGone = () => {
    try {
      process.kill(pid, 0);
      return false;
    } catch {
      return true;
    }
  };
  await until(isGone, { deadlineMs, what: 'the background process to end' });
  await rm(dir, { recursive: true });
});

test('a command that takes too long is ended and says so', async () => {
  const end = await runCommand(['sleep', '60'], { deadlineMs: 100 });
  expect(end).toEqual({ code: null, stdout: '', stderr: 'gave up after 100 ms' });
});
