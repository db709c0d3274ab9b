import { PsshError } from '../../core/errors.js';
import { LOST } from '../transport.js';
import { type ChannelMessage, type ChannelWire, MuxChannel } from './channel.js';
import type { Message } from './decode.js';
import * as encode from './encode.js';
import { WireFault } from './fault.js';
import { MuxSocket } from './mux-socket.js';
import type { Lasting } from './wire.js';

export interface LinkOptions {
  readonly controlPath: string;
  /** Named in errors. */
  readonly label: string;
  readonly connectDeadlineMs: number;
  /** Bytes that the server may send on a channel before its reader has taken any. */
  readonly window: number;
  readonly maxPacket: number;
  /** Once, when the connection is lost. */
  readonly onLost: () => void;
}

/** What becomes of an OPEN; exactly one is called. */
export interface Opening {
  confirmed(channel: MuxChannel): void;
  refused(reason: string): void;
  lost(error: PsshError): void;
  /** Called when a confirmed channel has ended. */
  ended(): void;
}

/** The channels of one socket. */
export class Link implements ChannelWire {
  /** The master may end when this socket is closed: a refused OPEN does that to it, or one without an answer. */
  poisoned = false;
  /** Rejects with PsshError ERR_MASTER or ERR_MUX_PROTOCOL. */
  readonly ready: Promise<void>;
  private readonly socket: MuxSocket;
  private readonly openings = new Map<number, Opening>();
  private readonly open = new Map<number, MuxChannel>();
  private nextChannel = 0;
  private whenQuiet: (() => void)[] = [];

  constructor(private readonly options: LinkOptions) {
    const { controlPath, label, connectDeadlineMs } = options;
    this.socket = new MuxSocket({
      controlPath,
      label,
      connectDeadlineMs,
      onMessage: (message, lasting) => this.receive(message, lasting),
      onLost: (error) => this.lose(error),
    });
    this.ready = this.socket.ready;
    this.ready.catch((error: unknown) => this.endAll(error as PsshError));
  }

  get label(): string {
    return this.options.label;
  }

  get lost(): boolean {
    return this.socket.over;
  }

  get channels(): Iterable<MuxChannel> {
    return this.open.values();
  }

  /** Whether anything was received since this was last asked. */
  heard(): boolean {
    const { heard } = this.socket;
    this.socket.heard = false;
    return heard;
  }

  /** Some channel is open or about to be. */
  get busy(): boolean {
    return this.open.size > 0 || this.openings.size > 0;
  }

  openSession(opening: Opening): void {
    const id = this.nextChannel++;
    this.openings.set(id, opening);
    this.send(encode.open('session', id, this.options.window, this.options.maxPacket));
  }

  send(bytes: Buffer): void {
    this.socket.send(bytes);
  }

  answer(bytes: Buffer): void {
    this.socket.answer(bytes);
  }

  sendData(head: Buffer, piece: Uint8Array, onFlushed?: (error?: Error | null) => void): void {
    this.send(head);
    this.socket.send(piece, onFlushed);
  }

  hold(held: boolean): void {
    this.socket.hold(held);
  }

  fail(code: 'ERR_MASTER' | 'ERR_MUX_PROTOCOL', reason: string): void {
    this.socket.fail(code, reason);
  }

  /** Resolves when no channel is open or about to be. */
  quiet(): Promise<void> {
    if (!this.busy) return Promise.resolve();
    return new Promise((resolve) => this.whenQuiet.push(resolve));
  }

  /** Not while it is busy, nor when it is poisoned. */
  close(): void {
    this.socket.close();
    if (this.busy)
      this.endAll(new PsshError('ERR_DISCONNECTED', 'the connection was closed', { target: this.label }));
  }

  private receive(message: Message, lasting: Lasting): void {
    switch (message.type) {
      case 'open':
        this.answer(encode.openFailure(message.peer));
        break;
      case 'global-request':
        if (message.wantReply) this.answer(encode.requestFailure());
        break;
      default:
        this.receiveOnChannel(message, lasting);
    }
  }

  private receiveOnChannel(message: ChannelMessage, lasting: Lasting): void {
    const channel = this.open.get(message.channel);
    if (channel !== undefined) {
      channel.receive(message, lasting);
      return;
    }
    const opening = this.openings.get(message.channel);
    if (opening === undefined) throw new WireFault('a message for a channel that is not open');
    if (message.type === 'open-confirmation') this.confirm(opening, message);
    else if (message.type === 'open-failure') this.refuse(opening, message);
    else throw new WireFault('a message for a channel that is not open yet');
    this.forget(message.channel);
  }

  private confirm(opening: Opening, message: Extract<Message, { type: 'open-confirmation' }>): void {
    const { channel: id, peer } = message;
    const { window, maxPacket } = this.options;
    const channel = new MuxChannel(this, peer, message, { window, maxPacket }, () => {
      this.open.delete(id);
      opening.ended();
      this.tellWhenQuiet();
    });
    this.open.set(id, channel);
    opening.confirmed(channel);
  }

  private refuse(opening: Opening, { description }: Extract<Message, { type: 'open-failure' }>): void {
    this.poisoned = true;
    opening.refused(description.replace(/[\u0000-\u001f\u007f-\u009f]/g, '?').slice(0, 200));
  }

  private forget(id: number): void {
    this.openings.delete(id);
    this.tellWhenQuiet();
  }

  private tellWhenQuiet(): void {
    if (this.busy) return;
    for (const resolve of this.whenQuiet.splice(0)) resolve();
  }

  private lose(error: PsshError): void {
    this.poisoned = true;
    const { label } = this;
    this.endAll(
      error.code === 'ERR_MUX_PROTOCOL'
        ? error
        : new PsshError('ERR_DISCONNECTED', `${LOST} (${error.message})`, {
            target: label,
            cause: error,
          }),
    );
    this.options.onLost();
  }

  private endAll(error: PsshError): void {
    for (const channel of [...this.open.values()]) channel.lose(error);
    for (const [id, opening] of [...this.openings]) {
      opening.lost(error);
      this.forget(id);
    }
  }
}
