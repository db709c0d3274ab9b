import { type ChildProcess, spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { askpassScript, LOGIN_VARIABLE, SOCKET_VARIABLE } from '../../../src/ssh/askpass-script.js';
import { tempFolder } from '../temp-folder.js';

const folder = tempFolder();
let server: Server | null = null;
beforeEach(async () => {
  await writeFile(folder.file('ask'), askpassScript(process.execPath), { mode: 0o700 });
});
afterEach(() => {
  server?.close();
  server = null;
});

interface End {
  readonly signal: string | null;
  readonly out: string;
}

/** Asks as ssh does: from a process that leads its group and takes a failure for an empty answer. */
function ask(question: string): Promise<End> {
  const env = { PATH: process.env.PATH, [SOCKET_VARIABLE]: folder.file('s'), [LOGIN_VARIABLE]: '7' };
  const words = ['-c', '"$0" "$1"; echo "went on with $?"', folder.file('ask'), question];
  const child: ChildProcess = spawn('sh', words, { detached: true, env });
  let out = '';
  child.stdout?.on('data', (piece: Buffer) => {
    out += piece.toString();
  });
  return new Promise((resolve) => child.once('close', (_, signal) => resolve({ signal, out })));
}

async function serve(reply: string | null): Promise<string[]> {
  const heard: string[] = [];
  server = createServer((socket) => {
    socket.on('data', (piece) => {
      heard.push(`${piece}`);
      if (reply === null) socket.destroy();
      else socket.end(reply);
    });
  });
  await new Promise<void>((resolve) => server?.listen(folder.file('s'), resolve));
  return heard;
}

describe('the askpass program', () => {
  it('brings the question, whatever it looks like, and prints the answer', async () => {
    const heard = await serve('{"answer":"an swer $(id)"}\n');
    const end = await ask('--eval \'"$(id)"\nyes?');
    expect(end).toEqual({ signal: null, out: 'an swer $(id)\nwent on with 0\n' });
    expect(JSON.parse(heard.join(''))).toEqual({ login: '7', text: '--eval \'"$(id)"\nyes?', kind: '' });
  });

  it('says no by its exit status', async () => {
    await serve('{}\n');
    expect(await ask('sure?')).toEqual({ signal: null, out: 'went on with 1\n' });
  });

  it('ends the ssh that asks where there is no answer, lest that send an empty one', async () => {
    await serve(null);
    expect(await ask('password: ')).toEqual({ signal: 'SIGKILL', out: '' });
    server?.close();
    server = null;
    expect(await ask('password: ')).toEqual({ signal: 'SIGKILL', out: '' });
  });
});
