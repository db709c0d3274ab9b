import type { Channel } from '../../transport/transport.js';

/**
 * Where no leash can be had: asks the server to signal the command, TERM and after the grace KILL. What that reaches
 * is not known: OpenSSH signals the command's process group, and only where its user and configuration allow it.
 */
export async function signalCommand(channel: Channel, graceMs: number): Promise<void> {
  if ((await channel.signal?.('TERM')) !== true) return;
  if (!(await endsWithin(channel, graceMs))) await channel.signal?.('KILL');
}

/** Whether a command ends by itself. */
export function endsWithin({ exited }: Channel, ms: number): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), ms);
    const ended = (): void => {
      clearTimeout(timer);
      resolve(true);
    };
    exited.then(ended, ended);
  });
}
