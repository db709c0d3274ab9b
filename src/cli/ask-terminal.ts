import { closeSync, openSync, writeSync } from 'node:fs';
import { ReadStream } from 'node:tty';
import { PsshError, usageError } from '../core/errors.js';

const ENDING = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const satisfies readonly NodeJS.Signals[];

/**
 * Asks on the terminal, wherever our own streams go, and shows nothing of what is typed. The terminal is as it was
 * afterwards, also after ^C and the signals that end us.
 * @param option for whom, in the error
 * @throws PsshError ERR_USAGE where there is no terminal
 */
export async function askTerminal(question: string, option: string, instead: string): Promise<string> {
  let descriptor: number;
  try {
    descriptor = openSync('/dev/tty', 'r+');
  } catch (cause) {
    throw usageError(`${option}: there is no terminal to ask on; use ${instead} FILE`, cause);
  }
  let terminal: ReadStream;
  try {
    terminal = new ReadStream(descriptor);
  } catch (cause) {
    closeSync(descriptor);
    throw usageError(`${option}: the terminal can't be read; use ${instead} FILE`, cause);
  }
  const restore = (): void => {
    if (!terminal.destroyed) terminal.setRawMode(false);
  };
  // Raw, so that the terminal itself neither shows what is typed nor makes signals of it.
  terminal.setRawMode(true);
  const onSignal = (signal: NodeJS.Signals): void => {
    restore();
    for (const name of ENDING) process.removeListener(name, onSignal);
    process.kill(process.pid, signal);
  };
  for (const name of ENDING) process.prependListener(name, onSignal);
  try {
    writeSync(descriptor, question);
    const typed = await readTyped(terminal);
    writeSync(descriptor, '\r\n');
    if (typed !== null) return typed;
    restore();
    for (const name of ENDING) process.removeListener(name, onSignal);
    process.kill(process.pid, 'SIGINT');
    throw new PsshError('ERR_USAGE', `${option}: given up`);
  } finally {
    restore();
    for (const name of ENDING) process.removeListener(name, onSignal);
    terminal.destroy();
  }
}

/** Null: ^C, or the end of the input. */
function readTyped(terminal: ReadStream): Promise<string | null> {
  const characters: string[] = [];
  terminal.setEncoding('utf8');
  return new Promise((resolve, reject) => {
    terminal.once('error', reject);
    terminal.once('end', () => resolve(null));
    terminal.on('data', (piece: string) => {
      for (const character of piece) {
        if (character === '\r' || character === '\n') return resolve(characters.join(''));
        if (character === '\u0003' || character === '\u001c') return resolve(null);
        // ^D ends the input where nothing is typed, as on any terminal.
        if (character === '\u0004' && characters.length === 0) return resolve(null);
        if (character === '\u007f' || character === '\b') characters.pop();
        else if (character === '\u0015') characters.length = 0;
        else if (character >= ' ') characters.push(character);
      }
    });
  });
}
