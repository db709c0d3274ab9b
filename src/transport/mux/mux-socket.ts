import { connect, type Socket } from 'node:net';
import { PsshError } from '../../core/errors.js';
import { checkHello, checkProxyReply, decode, type Message } from './decode.js';
import { Deferred } from './deferred.js';
import { hello, proxyRequest } from './encode.js';
import { WireFault } from './fault.js';
import { ReadBuffers } from './read-buffers.js';
import { Framer, type Lasting } from './wire.js';

const REQUEST_ID = 0;
const GREETING = Buffer.concat([hello(), proxyRequest(REQUEST_ID)]);

export interface MuxSocketOptions {
  readonly controlPath: string;
  /** Named in errors. */
  readonly label: string;
  readonly connectDeadlineMs: number;
  /**
   * @param lasting whether the bytes in the message are others once it has returned
   * @throws WireFault where the message can't be right: the socket is given up then
   */
  readonly onMessage: (message: Message, lasting: Lasting) => void;
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
  private readonly buffers: ReadBuffers;
  private readonly timer: NodeJS.Timeout;
  private stage: 'hello' | 'proxy' | 'ready' | 'over' = 'hello';
  private readonly greeting = new Deferred<void>();
  private gathering = false;

  constructor(private readonly options: MuxSocketOptions) {
    const { controlPath, connectDeadlineMs } = options;
    this.framer = new Framer((packet, lasting) => this.receive(packet, lasting));
    this.buffers = new ReadBuffers(this.framer);
    // A stopped master accepts connections and says nothing.
    this.timer = setTimeout(() => {
      this.fail('ERR_MASTER', `the master does not answer within ${connectDeadlineMs / 1000}s`);
    }, connectDeadlineMs);
    this.socket = connect({
      path: controlPath,
      onread: {
        buffer: () => this.buffers.next(),
        callback: (length) => {
          this.take(length);
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

  /** What is sent in one turn goes out in one piece: each piece wakes the master, and the server behind it. */
  send(bytes: Uint8Array, onFlushed?: (error?: Error | null) => void): void {
    if (this.stage === 'over') return;
    if (!this.gathering) {
      this.gathering = true;
      this.socket.cork();
      process.nextTick(() => {
        this.gathering = false;
        this.socket.uncork();
      });
    }
    this.socket.write(bytes, onFlushed);
  }

  /** Like send; but who asks on and on and does not read our answers is no longer read either. */
  answer(bytes: Uint8Array): void {
    this.send(bytes);
    if (!this.socket.writableNeedDrain || this.socket.isPaused()) return;
    this.socket.pause();
    this.socket.once('drain', () => this.socket.resume());
  }

  /** Whether it keeps the process alive. */
  hold(held: boolean): void {
    if (held) this.socket.ref();
    else this.socket.unref();
    if (!held) this.buffers.end();
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
    this.buffers.end();
  }

  private take(length: number): void {
    this.heard = true;
    try {
      this.buffers.take(length);
    } catch (error) {
      if (!(error instanceof WireFault)) throw error;
      this.fail('ERR_MUX_PROTOCOL', `the master broke the protocol: ${error.message}`, error);
    }
  }

  private receive(packet: Buffer, lasting: Lasting): void {
    switch (this.stage) {
      case 'ready':
        this.options.onMessage(decode(packet), lasting);
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
