import { onAbort } from '../../core/abort.js';
import { PsshError } from '../../core/errors.js';
import { type OpenOptions, UNSENT } from '../transport.js';
import type { MuxChannel, Reply } from './channel.js';
import type { Link } from './link.js';
import { notOpened } from './slots.js';
import { LONGEST_PACKET } from './wire.js';

/** What fits into one packet beside the fields around it. */
export const LONGEST_COMMAND = LONGEST_PACKET - 1024;

// As over ssh -S.
const UNWANTED_DEADLINE_MS = 2_000;

export interface StartOptions extends OpenOptions {
  /** Sent before `env`, as the resolved ssh_config says. */
  readonly variables: readonly (readonly [string, string])[];
  readonly answerDeadlineMs: number;
}

/**
 * Asks the server to run the command on a channel that it has confirmed; resolves once it has said that it does.
 * @throws PsshError ERR_CHANNEL_OPEN when it was not started; ERR_DISCONNECTED, ERR_MUX_PROTOCOL when that is not known
 */
export async function startCommand(
  link: Link,
  channel: MuxChannel,
  command: Uint8Array,
  options: StartOptions,
): Promise<MuxChannel> {
  const { pty, answerDeadlineMs } = options;
  const answer = (ask: (onReply: (reply: Reply) => void) => void): Promise<Answer> =>
    answerWithin(answerDeadlineMs, options.signal, ask);
  if (options.stdin === 'pipe') channel.openInput();
  // Its answer is awaited: a command that has no terminal after all must not start.
  if (pty !== undefined) {
    const granted = await answer((onReply) => channel.requestPty(pty, onReply));
    if (granted !== 'success') {
      channel.close();
      throw notOpened(granted === 'gone' ? UNSENT : 'the host gave no terminal', link.label);
    }
  }
  const reply = await answer((onReply) => {
    for (const [name, value] of options.variables) channel.sendEnv(name, value);
    for (const [name, value] of Object.entries(options.env ?? {})) channel.sendEnv(name, value);
    if (options.subsystem === true) channel.requestSubsystem(command, onReply);
    else channel.requestExec(command, onReply);
    if (options.stdin === 'none') channel.sendEof();
  });
  if (reply === 'success') return channel;
  throw await notStarted(link, channel, reply, 'the host refused to run the command');
}

type Answer = Reply | 'silence';

/** Once it is not wanted any more, the answer is awaited for a moment only: it tells whether there is something to end. */
function answerWithin(
  deadlineMs: number,
  signal: AbortSignal | undefined,
  ask: (onReply: (reply: Reply) => void) => void,
): Promise<Answer> {
  return new Promise((resolve) => {
    const finish = (given: Answer): void => {
      clearTimeout(timer);
      stopListening();
      resolve(given);
    };
    let timer = setTimeout(() => finish('silence'), deadlineMs);
    const stopListening = onAbort(signal, () => {
      clearTimeout(timer);
      timer = setTimeout(() => finish('silence'), Math.min(deadlineMs, UNWANTED_DEADLINE_MS));
    });
    ask(finish);
  });
}

async function notStarted(link: Link, channel: MuxChannel, reply: Answer, refused: string): Promise<Error> {
  channel.close();
  const { label } = link;
  if (reply === 'silence') {
    const reason = 'the host did not say in time whether the command has started';
    return new PsshError('ERR_DISCONNECTED', reason, { target: label });
  }
  if (reply === 'failure') return notOpened(refused, label);
  // The channel ended without an answer: by the server's hand, or with the connection.
  return channel.exited.then(
    () => notOpened('the host closed the session instead of starting the command', label),
    (error: Error) => error,
  );
}
