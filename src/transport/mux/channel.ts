import type { Exit } from '../../core/channel.js';
import type { PsshError } from '../../core/errors.js';
import type { Channel, OpenOptions } from '../transport.js';
import { decodeExitSignal, decodeExitStatus, type Message } from './decode.js';
import { Deferred } from './deferred.js';
import * as encode from './encode.js';
import { WireFault } from './fault.js';
import { InputStream } from './input-stream.js';
import { EXTENDED_DATA_STDERR } from './numbers.js';
import { OutputStream } from './output-stream.js';
import { ReceiveWindow } from './receive-window.js';
import type { Lasting } from './wire.js';

const LARGEST_WINDOW = 0xffffffff;
const SIGNAL_DEADLINE_MS = 3_000;

/** What a channel needs of the socket that carries it. */
export interface ChannelWire {
  readonly label: string;
  send(bytes: Buffer): void;
  /** An answer to the server: asking without reading the answers must not fill our memory. */
  answer(bytes: Buffer): void;
  sendData(head: Buffer, piece: Uint8Array, onFlushed?: (error?: Error | null) => void): void;
}

/** `gone`: the channel ended before the answer came. */
export type Reply = 'success' | 'failure' | 'gone';

export type ChannelMessage = Extract<Message, { readonly channel: number }>;

/** One session channel (RFC 4254 section 5), from its confirmation to both sides' CLOSE. */
export class MuxChannel implements Channel {
  stdin: InputStream | null = null;
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  cut: PsshError | null = null;
  private readonly ending = new Deferred<Exit>();
  private readonly releasing = new Deferred<void>();
  private readonly window: ReceiveWindow;
  private readonly replies: ((reply: Reply) => void)[] = [];
  private exit: Exit | null = null;
  private sendWindow: number;
  private readonly sendPacket: number;
  private gotEof = false;
  private sentClose = false;
  private ended = false;

  constructor(
    private readonly wire: ChannelWire,
    /** The server's number of it. */
    private readonly peer: number,
    confirmation: { readonly window: number; readonly maxPacket: number },
    options: { readonly window: number; readonly maxPacket: number },
    /** Called when both sides have closed it. */
    private readonly onEnd: () => void,
  ) {
    if (confirmation.maxPacket === 0) throw new WireFault('a maximum packet of 0 bytes');
    this.window = new ReceiveWindow(options.window, options.maxPacket, (bytes) => {
      if (!this.sentClose && !this.gotEof) wire.send(encode.windowAdjust(peer, bytes));
    });
    const taken = (bytes: number): void => this.window.give(bytes);
    this.stdout = new OutputStream(taken);
    this.stderr = new OutputStream(taken);
    this.sendWindow = confirmation.window;
    this.sendPacket = Math.min(confirmation.maxPacket, options.maxPacket);
  }

  /** Makes its stdin; before the command is sent. */
  openInput(): void {
    this.stdin = new InputStream(this);
    this.stdin.start(this.sendWindow, this.sendPacket);
    if (!this.usable) this.stdin.destroy();
  }

  get exited(): Promise<Exit> {
    return this.ending.promise;
  }

  get released(): Promise<void> {
    return this.releasing.promise;
  }

  /** Requests may be sent on it. */
  get usable(): boolean {
    return !this.sentClose && !this.ended;
  }

  /** Sends a request that wants a reply; the server answers in the order asked (RFC 4254 section 5.4). */
  private request(bytes: Buffer, onReply: (reply: Reply) => void): void {
    if (this.usable) {
      this.replies.push(onReply);
      this.wire.send(bytes);
    } else {
      onReply('gone');
    }
  }

  requestExec(command: Uint8Array, onReply: (reply: Reply) => void): void {
    this.request(encode.exec(this.peer, command), onReply);
  }

  requestSubsystem(name: Uint8Array, onReply: (reply: Reply) => void): void {
    this.request(encode.subsystem(this.peer, name), onReply);
  }

  requestPty(pty: NonNullable<OpenOptions['pty']>, onReply: (reply: Reply) => void): void {
    this.request(encode.ptyRequest(this.peer, pty.term, pty.columns, pty.rows), onReply);
  }

  sendEnv(name: string, value: string): void {
    if (this.usable) this.wire.send(encode.env(this.peer, name, value));
  }

  /** A request that no server knows: its answer tells that the server has read all that was sent before. */
  fence(onReply: (reply: Reply) => void): void {
    this.request(encode.request(this.peer, 'fence@pssh-ts', true), onReply);
  }

  signal(name: string): Promise<boolean> {
    if (!this.usable || this.exit !== null) return Promise.resolve(false);
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), SIGNAL_DEADLINE_MS);
      this.request(encode.signal(this.peer, name), (reply) => {
        clearTimeout(timer);
        resolve(reply === 'success');
      });
    });
  }

  close(): void {
    if (this.sentClose || this.ended) return;
    this.sentClose = true;
    this.wire.send(encode.close(this.peer));
    this.finishStreams();
  }

  sendData(piece: Uint8Array, onFlushed?: (error?: Error | null) => void): void {
    this.sendWindow -= piece.length;
    this.wire.sendData(encode.dataHead(this.peer, piece.length), piece, onFlushed);
  }

  sendEof(): void {
    if (!this.sentClose && !this.ended) this.wire.send(encode.eof(this.peer));
  }

  /** @throws WireFault where the server breaks the protocol */
  receive(message: ChannelMessage, lasting: Lasting): void {
    switch (message.type) {
      case 'data':
        this.receiveData(message.data, lasting, this.stdout);
        break;
      case 'extended-data':
        this.receiveData(message.data, lasting, message.code === EXTENDED_DATA_STDERR ? this.stderr : null);
        break;
      case 'window-adjust':
        this.widen(message.bytes);
        break;
      case 'eof':
        this.gotEof = true;
        this.stdout.finish();
        this.stderr.finish();
        break;
      case 'close':
        this.receiveClose();
        break;
      case 'success':
      case 'failure':
        this.receiveReply(message.type);
        break;
      case 'request':
        this.receiveRequest(message);
        break;
      case 'open-confirmation':
      case 'open-failure':
        throw new WireFault('a second answer to the opening of a channel');
    }
  }

  /** The connection has gone. */
  lose(error: PsshError): void {
    if (this.ended) return;
    if (this.exit !== null && !this.gotEof && !this.sentClose) this.cut = error;
    this.ending.reject(error);
    this.end();
  }

  private receiveData(data: Buffer, lasting: Lasting, stream: OutputStream | null): void {
    if (this.gotEof) throw new WireFault('data after the end of a channel');
    this.window.take(data.length);
    if (this.sentClose) return;
    if (stream === null) this.window.give(data.length);
    else stream.offer(data, lasting);
  }

  private widen(bytes: number): void {
    this.sendWindow += bytes;
    if (this.sendWindow > LARGEST_WINDOW) throw new WireFault('a window of more than 2^32-1 bytes');
    this.stdin?.widen(bytes);
  }

  private receiveReply(reply: 'success' | 'failure'): void {
    const onReply = this.replies.shift();
    if (onReply === undefined) throw new WireFault('an answer to something that was not asked');
    onReply(reply);
  }

  private receiveRequest({ name, wantReply, detail }: Extract<ChannelMessage, { type: 'request' }>): void {
    if (name === 'exit-status') this.settle({ status: decodeExitStatus(detail) });
    else if (name === 'exit-signal') this.settle({ signal: signalName(decodeExitSignal(detail)) });
    // OpenSSH's word that the command has closed its stdin.
    else if (name === 'eow@openssh.com') this.stdin?.destroy();
    else if (wantReply && !this.sentClose) this.wire.answer(encode.channelFailure(this.peer));
  }

  private settle(exit: Exit): void {
    this.exit ??= exit;
    this.ending.resolve(this.exit);
  }

  private receiveClose(): void {
    if (!this.sentClose) this.wire.send(encode.close(this.peer));
    this.sentClose = true;
    // Nothing was said of its end: dropbear does so where a real-time signal ended it.
    this.settle({ signal: null });
    this.end();
  }

  private end(): void {
    this.ended = true;
    this.finishStreams();
    for (const onReply of this.replies.splice(0)) onReply('gone');
    this.releasing.resolve();
    this.onEnd();
  }

  private finishStreams(): void {
    this.stdin?.destroy();
    this.stdout.finish();
    this.stderr.finish();
  }
}

/** Without SIG; what is no plain name (`SIG@openssh.com`, for a real-time signal) tells nothing. */
function signalName(name: string): string | null {
  return /^(?:SIG)?([A-Z][A-Z0-9]{1,15})$/.exec(name)?.[1] ?? null;
}
