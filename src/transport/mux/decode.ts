import { WireFault } from './fault.js';
import { FieldReader } from './fields.js';
import {
  MSG,
  MUX_MSG_HELLO,
  MUX_S_FAILURE,
  MUX_S_PERMISSION_DENIED,
  MUX_S_PROXY,
  MUX_VERSION,
} from './numbers.js';

/** What a server may send; `channel` is always our number of it. */
export type Message =
  | { readonly type: 'data'; readonly channel: number; readonly data: Buffer }
  | { readonly type: 'extended-data'; readonly channel: number; readonly code: number; readonly data: Buffer }
  | { readonly type: 'window-adjust'; readonly channel: number; readonly bytes: number }
  | {
      readonly type: 'open-confirmation';
      readonly channel: number;
      /** The server's number of it. */
      readonly peer: number;
      readonly window: number;
      readonly maxPacket: number;
    }
  | { readonly type: 'open-failure'; readonly channel: number; readonly description: string }
  | { readonly type: 'eof' | 'close' | 'success' | 'failure'; readonly channel: number }
  | {
      readonly type: 'request';
      readonly channel: number;
      readonly name: string;
      readonly wantReply: boolean;
      /** What the request type adds. */
      readonly detail: Buffer;
    }
  | { readonly type: 'open'; readonly peer: number }
  | { readonly type: 'global-request'; readonly wantReply: boolean };

/** @throws WireFault for anything that is not one whole message */
export function decode(packet: Buffer): Message {
  const fields = new FieldReader(packet);
  // byte padding length (no message here is padded), byte message number
  if (fields.byte() !== 0) throw new WireFault('a padded packet');
  const number = fields.byte();
  const read = DECODERS[number];
  if (read === undefined) throw new WireFault(`message ${number}, which has no place here`);
  return read(fields);
}

const DECODERS: Readonly<Record<number, (fields: FieldReader) => Message>> = {
  // uint32 recipient channel, string data
  [MSG.data]: (fields) => {
    const message = { type: 'data', channel: fields.uint32(), data: fields.string() } as const;
    fields.end();
    return message;
  },
  // uint32 recipient channel, uint32 data type code, string data
  [MSG.extendedData]: (fields) => {
    const [channel, code] = [fields.uint32(), fields.uint32()];
    const message = { type: 'extended-data', channel, code, data: fields.string() } as const;
    fields.end();
    return message;
  },
  // uint32 recipient channel, uint32 bytes to add
  [MSG.windowAdjust]: (fields) => {
    const message = { type: 'window-adjust', channel: fields.uint32(), bytes: fields.uint32() } as const;
    fields.end();
    return message;
  },
  // uint32 recipient channel, uint32 sender channel, uint32 initial window size, uint32 maximum packet size
  [MSG.openConfirmation]: (fields) => {
    const [channel, peer] = [fields.uint32(), fields.uint32()];
    const [window, maxPacket] = [fields.uint32(), fields.uint32()];
    // A session's confirmation adds nothing to these.
    fields.end();
    return { type: 'open-confirmation', channel, peer, window, maxPacket };
  },
  // uint32 recipient channel, uint32 reason code, string description, string language tag
  [MSG.openFailure]: (fields) => {
    const channel = fields.uint32();
    fields.uint32();
    const description = fields.text();
    fields.string();
    fields.end();
    return { type: 'open-failure', channel, description };
  },
  [MSG.eof]: (fields) => channelOnly('eof', fields),
  [MSG.close]: (fields) => channelOnly('close', fields),
  [MSG.success]: (fields) => channelOnly('success', fields),
  [MSG.failure]: (fields) => channelOnly('failure', fields),
  // uint32 recipient channel, string request type, boolean want reply, what the type adds
  [MSG.request]: (fields) => {
    const channel = fields.uint32();
    const [name, wantReply] = [fields.text(), fields.boolean()];
    return { type: 'request', channel, name, wantReply, detail: fields.rest() };
  },
  // string channel type, uint32 sender channel, uint32 initial window size, uint32 maximum packet size, more
  [MSG.open]: (fields) => {
    fields.string();
    const peer = fields.uint32();
    fields.uint32();
    fields.uint32();
    return { type: 'open', peer };
  },
  // string request name, boolean want reply, more
  [MSG.globalRequest]: (fields) => {
    fields.string();
    return { type: 'global-request', wantReply: fields.boolean() };
  },
};

// uint32 recipient channel
function channelOnly(type: 'eof' | 'close' | 'success' | 'failure', fields: FieldReader): Message {
  const message = { type, channel: fields.uint32() } as const;
  fields.end();
  return message;
}

/** "exit-status": uint32 exit status */
export function decodeExitStatus(detail: Buffer): number {
  const fields = new FieldReader(detail);
  const status = fields.uint32();
  fields.end();
  return status;
}

/** "exit-signal": string signal name, boolean core dumped, string error message, string language tag */
export function decodeExitSignal(detail: Buffer): string {
  const fields = new FieldReader(detail);
  const name = fields.text();
  fields.boolean();
  fields.string();
  fields.string();
  fields.end();
  return name;
}

/** uint32 MUX_MSG_HELLO, uint32 protocol version, then pairs of name and value that nobody has defined yet */
export function checkHello(packet: Buffer): void {
  const fields = new FieldReader(packet);
  if (fields.uint32() !== MUX_MSG_HELLO) throw new WireFault('no greeting of an ssh master');
  const version = fields.uint32();
  if (version !== MUX_VERSION) throw new WireFault(`an ssh master that speaks version ${version}`);
}

/** uint32 MUX_S_PROXY, uint32 client request id; or a refusal: uint32 type, uint32 request id, string reason */
export function checkProxyReply(packet: Buffer, requestId: number): void {
  const fields = new FieldReader(packet);
  const type = fields.uint32();
  if (fields.uint32() !== requestId) throw new WireFault('an answer to something that was not asked');
  if (type === MUX_S_FAILURE || type === MUX_S_PERMISSION_DENIED) {
    throw new WireFault(`the master refused: ${fields.text().slice(0, 200)}`);
  }
  if (type !== MUX_S_PROXY) throw new WireFault(`answer 0x${type.toString(16)} to the proxy request`);
  fields.end();
}
