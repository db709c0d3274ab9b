import { connect, type Socket } from 'node:net';

/** Why a control socket can't be used. */
export type ControlFault = 'missing' | 'dead' | 'silent' | 'foreign';

export class ControlError extends Error {
  override readonly name = 'ControlError';
  constructor(
    readonly fault: ControlFault,
    message: string,
    cause?: unknown,
  ) {
    super(message, cause === undefined ? undefined : { cause });
  }
}

// PROTOCOL.mux of openssh-portable.
const MUX_MSG_HELLO = 0x00000001;
const MUX_C_ALIVE_CHECK = 0x10000004;
const MUX_C_TERMINATE = 0x10000005;
const MUX_S_OK = 0x80000001;
const MUX_S_ALIVE = 0x80000005;
const MUX_VERSION = 4;
const LONGEST_PACKET = 256 * 1024;

/** For a master that stands by: one that is stopped says nothing for ever. */
export const ALIVE_DEADLINE_MS = 2_000;

/**
 * Asks a master whether it lives; its process id is the answer. A stopped master accepts connections and says
 * nothing, so there is a deadline.
 * @throws ControlError
 */
export async function aliveCheck(controlPath: string, deadlineMs: number): Promise<number> {
  const reply = await request(controlPath, MUX_C_ALIVE_CHECK, deadlineMs);
  // MUX_S_ALIVE: uint32 type, uint32 request id, uint32 server pid
  if (reply.length < 12 || reply.readUInt32BE(0) !== MUX_S_ALIVE)
    throw new ControlError('foreign', 'not a master of ssh');
  return reply.readUInt32BE(8);
}

/** Tells a master to end at once, its sessions with it. @throws ControlError */
export async function terminateMaster(controlPath: string, deadlineMs: number): Promise<void> {
  const reply = await request(controlPath, MUX_C_TERMINATE, deadlineMs);
  if (reply.length < 4 || reply.readUInt32BE(0) !== MUX_S_OK)
    throw new ControlError('foreign', 'the master refused to end');
}

/**
 * Ends a master that is ours alone, and never throws. One that is stopped heeds no request, so it is killed: as its
 * socket listens, the process that made it lives under its old id.
 */
export async function endMaster(
  controlPath: string,
  pid: number | null | undefined,
  deadlineMs: number,
): Promise<void> {
  try {
    await terminateMaster(controlPath, deadlineMs);
  } catch (error) {
    // 0, -1 and the like would be whole groups.
    if (typeof pid !== 'number' || pid <= 1 || !(error instanceof ControlError) || error.fault !== 'silent')
      return;
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended meanwhile.
    }
  }
}

/** One request and its answer, after the exchange of hellos. */
function request(controlPath: string, type: number, deadlineMs: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket: Socket = connect(controlPath);
    let received = Buffer.alloc(0);
    let greeted = false;
    const finish = (outcome: Buffer | ControlError): void => {
      clearTimeout(timer);
      socket.destroy();
      if (outcome instanceof ControlError) reject(outcome);
      else resolve(outcome);
    };
    const timer = setTimeout(
      () => finish(new ControlError('silent', 'the master does not answer')),
      deadlineMs,
    );
    socket.on('error', (error: NodeJS.ErrnoException) => {
      // Too many wait for its answer already.
      if (error.code === 'EAGAIN') finish(new ControlError('silent', 'the master does not answer'));
      else if (error.code === 'ENOENT') finish(new ControlError('missing', 'no control socket'));
      else finish(new ControlError('dead', `control socket: ${error.code ?? error.message}`, error));
    });
    socket.on('close', () => finish(new ControlError('dead', 'the master closed the connection')));
    socket.on('connect', () => {
      // MUX_MSG_HELLO: uint32 type, uint32 protocol version. Requests: uint32 type, uint32 request id.
      socket.write(Buffer.concat([packet(MUX_MSG_HELLO, MUX_VERSION), packet(type, 0)]));
    });
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      while (received.length >= 4) {
        const length = received.readUInt32BE(0);
        if (length < 4 || length > LONGEST_PACKET)
          return finish(new ControlError('foreign', 'not a master of ssh'));
        if (received.length < 4 + length) return;
        const body = received.subarray(4, 4 + length);
        received = received.subarray(4 + length);
        if (greeted) return finish(body);
        if (
          body.length < 8 ||
          body.readUInt32BE(0) !== MUX_MSG_HELLO ||
          body.readUInt32BE(4) !== MUX_VERSION
        ) {
          return finish(new ControlError('foreign', 'not a master of ssh that speaks version 4'));
        }
        greeted = true;
      }
    });
  });
}

function packet(...words: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 + words.length * 4);
  bytes.writeUInt32BE(words.length * 4, 0);
  for (const [index, word] of words.entries()) bytes.writeUInt32BE(word, 4 + index * 4);
  return bytes;
}
