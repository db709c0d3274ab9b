import { sweepCommand } from './put-script.js';
import { runRemote, type TransferHost } from './remote.js';
import type { SftpSession } from './sftp/session.js';
import { isAlive, MACHINE } from './temporary.js';

const OF_SFTP = new RegExp(`^\\.pssh-ts\\.[0-9a-f]+\\.c${MACHINE}-(\\d+)\\.[0-9a-f]+$`);

/** What a file is called on the host until it is whole: SFTP removes nothing by itself when this process is killed. */
export const sftpTemporary = (tag: string, id: string): string =>
  `.pssh-ts.${tag}.c${MACHINE}-${process.pid}.${id}`;

/**
 * Removes what puts by SFTP of this machine have left in a folder of the host, when their process is gone.
 * @returns whether there is something of a shell's too
 */
export async function sweepBySftp(session: SftpSession, folder: string, tag: string): Promise<boolean> {
  let ofShell = false;
  try {
    for await (const name of session.names(folder, `.pssh-ts.${tag}.`)) {
      const pid = OF_SFTP.exec(name)?.[1];
      if (pid === undefined) ofShell ||= /^\d/.test(name.slice(`.pssh-ts.${tag}.`.length));
      else if (!isAlive(Number(pid))) await session.remove(`${folder}${name}`);
    }
  } catch {
    // The folder can't be read, or somebody else has removed it: what was to be sent matters more.
  }
  return ofShell;
}

/** Removes what shells of ours have left in a folder of the host, when they are gone. */
export async function sweepByScript(host: TransferHost, folder: string, tag: string): Promise<void> {
  await runRemote(host, sweepCommand(folder, tag));
}
