import { connect, type Socket } from 'node:net';
import { PsshError } from '../../core/errors.js';
import { checkHello, checkProxyReply, decode, type Message } from './decode.js';
import { Deferred } from './deferred.js';
import { hello, proxyRequest } from './encode.js';
import { WireFault } from './fault.js';
import { Framer } from './wire.js';

const REQUEST_ID = 0;
const READ_BYTES = 64 * 1024;
const GREETING = Buffer.concat([hello(), proxyRequest(REQUEST_ID)]);

let shared: Buffer | null = null;

/**
 * One buffer for all that comes, on all sockets: a fresh one for each read costs more than all that is done with it, and
 * what is read is taken or copied before anything else can be.
 */
function readBuffer(): Buffer {
  shared ??= Buffer.allocUnsafeSlow(READ_BYTES);
  return shared;
}

export interface MuxSocketOptions {
  readonly controlPath: string;
  /** Named in errors. */
  readonly label: string;
  readonly connectDeadlineMs: number;
  /**
   * The bytes in the message are gone once it returns: the next ones take their place.
   * @throws WireFault where the message can't be right: the socket is given up then
   */
  readonly onMessage: (message: Message) => void;
  /** Once, when a socket that was ready is no more. */
  readonly onLost: (error: PsshError) => void;
}

/**
 * A socket to a master that passes SSH messages on (PROTOCOL.mux section 9). What comes is checked; a fault of the
 * other side ends this socket and nothing else.
 */
export class MuxSocket {
  /** Something was received since this was last set to false. */
  heard = false;
  private readonly socket: Socket;
  private readonly framer: Framer;
  private readonly timer: NodeJS.Timeout;
  private stage: 'hello' | 'proxy' | 'ready' | 'over' = 'hello';
  private readonly greeting = new Deferred<void>();

  constructor(private readonly options: MuxSocketOptions) {
    const { controlPath, connectDeadlineMs } = options;
    this.framer = new Framer((packet) => this.receive(packet));
    // A stopped master accepts connections and says nothing.
    this.timer = setTimeout(() => {
      this.fail('ERR_MASTER', `the master does not answer within ${connectDeadlineMs / 1000}s`);
    }, connectDeadlineMs);
    const buffer = readBuffer();
    this.socket = connect({
      path: controlPath,
      onread: {
        buffer,
        callback: (length) => {
          this.take(buffer.subarray(0, length));
          return true;
        },
      },
    });
    this.socket
      .on('error', (error: NodeJS.ErrnoException) => {
        const reason = error.code === 'ENOENT' ? 'no control socket' : (error.code ?? error.message);
        this.fail('ERR_MASTER', `the master can't be reached: ${reason}`, error);
      })
      .on('close', () => this.fail('ERR_MASTER', 'the master closed the connection'));
    this.socket.write(GREETING);
  }

  /** Rejects with PsshError ERR_MASTER or ERR_MUX_PROTOCOL. What is sent before goes out behind the greeting. */
  get ready(): Promise<void> {
    return this.greeting.promise;
  }

  get over(): boolean {
    return this.stage === 'over';
  }

  send(bytes: Uint8Array, onFlushed?: (error?: Error | null) => void): void {
    if (this.stage !== 'over') this.socket.write(bytes, onFlushed);
  }

  /** Like send; but who asks on and on and does not read our answers is no longer read either. */
  answer(bytes: Uint8Array): void {
    this.send(bytes);
    if (!this.socket.writableNeedDrain || this.socket.isPaused()) return;
    this.socket.pause();
    this.socket.once('drain', () => this.socket.resume());
  }

  /** What is sent meanwhile goes out in one piece. */
  together(send: () => void): void {
    this.socket.cork();
    try {
      send();
    } finally {
      this.socket.uncork();
    }
  }

  /** Whether it keeps the process alive. */
  hold(held: boolean): void {
    if (held) this.socket.ref();
    else this.socket.unref();
  }

  /** Closes it once all is written. Not while the answer to an OPEN is awaited: that would end the master. */
  close(): void {
    this.end();
    this.socket.destroySoon();
  }

  /** Gives it up. */
  fail(code: 'ERR_MASTER' | 'ERR_MUX_PROTOCOL', reason: string, cause?: unknown): void {
    if (this.stage === 'over') return;
    const wasReady = this.stage === 'ready';
    this.end();
    this.socket.destroy();
    const error = new PsshError(code, reason, { target: this.options.label, cause });
    if (wasReady) this.options.onLost(error);
    else this.greeting.reject(error);
  }

  private end(): void {
    this.stage = 'over';
    clearTimeout(this.timer);
    this.framer.stop();
  }

  private take(chunk: Buffer): void {
    this.heard = true;
    this.socket.cork();
    try {
      this.framer.push(chunk);
    } catch (error) {
      if (!(error instanceof WireFault)) throw error;
      this.fail('ERR_MUX_PROTOCOL', `the master broke the protocol: ${error.message}`, error);
    } finally {
      this.socket.uncork();
    }
  }

  private receive(packet: Buffer): void {
    switch (this.stage) {
      case 'ready':
        this.options.onMessage(decode(packet));
        break;
      case 'hello':
        checkHello(packet);
        this.stage = 'proxy';
        break;
      case 'proxy':
        checkProxyReply(packet, REQUEST_ID);
        clearTimeout(this.timer);
        this.stage = 'ready';
        this.greeting.resolve();
        break;
      case 'over':
        break;
    }
  }
}
