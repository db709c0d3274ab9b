import { type Field, frame } from './fields.js';
import { MSG, MUX_C_PROXY, MUX_MSG_HELLO, MUX_VERSION, OPEN_ADMINISTRATIVELY_PROHIBITED } from './numbers.js';

/** uint32 MUX_MSG_HELLO, uint32 protocol version */
export const hello = (): Buffer => frame([], [MUX_MSG_HELLO, MUX_VERSION]);

/** uint32 MUX_C_PROXY, uint32 request id */
export const proxyRequest = (requestId: number): Buffer => frame([], [MUX_C_PROXY, requestId]);

/** byte 0 (padding length), byte message number, its fields */
const message = (number: number, ...fields: Field[]): Buffer => frame([0, number], fields);

/** string channel type, uint32 sender channel, uint32 initial window size, uint32 maximum packet size */
export const open = (type: string, sender: number, window: number, maxPacket: number): Buffer =>
  message(MSG.open, type, sender, window, maxPacket);

/** uint32 recipient channel, uint32 reason code, string description, string language tag */
export const openFailure = (recipient: number): Buffer =>
  message(MSG.openFailure, recipient, OPEN_ADMINISTRATIVELY_PROHIBITED, 'not accepted here', '');

/** uint32 recipient channel, uint32 bytes to add */
export const windowAdjust = (recipient: number, bytes: number): Buffer =>
  message(MSG.windowAdjust, recipient, bytes);

/** uint32 recipient channel, string data: all but the data itself, which follows as it is */
export function dataHead(recipient: number, length: number): Buffer {
  const head = Buffer.allocUnsafe(14);
  head.writeUInt32BE(10 + length, 0);
  head.writeUInt16BE(MSG.data, 4);
  head.writeUInt32BE(recipient, 6);
  head.writeUInt32BE(length, 10);
  return head;
}

/** uint32 recipient channel */
export const eof = (recipient: number): Buffer => message(MSG.eof, recipient);

/** uint32 recipient channel */
export const close = (recipient: number): Buffer => message(MSG.close, recipient);

/** uint32 recipient channel */
export const channelFailure = (recipient: number): Buffer => message(MSG.failure, recipient);

/** no fields */
export const requestFailure = (): Buffer => message(MSG.requestFailure);

/** uint32 recipient channel, string request type, boolean want reply, what the type adds */
export const request = (recipient: number, type: string, wantReply: boolean, ...fields: Field[]): Buffer =>
  message(MSG.request, recipient, type, wantReply, ...fields);

/** "exec": string command */
export const exec = (recipient: number, command: Uint8Array): Buffer =>
  request(recipient, 'exec', true, command);

/** "subsystem": string name */
export const subsystem = (recipient: number, name: Uint8Array): Buffer =>
  request(recipient, 'subsystem', true, name);

/** "env": string name, string value. No reply is asked for, as ssh asks for none. */
export const env = (recipient: number, name: string, value: string): Buffer =>
  request(recipient, 'env', false, name, value);

/** "signal": string name without SIG */
export const signal = (recipient: number, name: string): Buffer => request(recipient, 'signal', true, name);

/**
 * "pty-req": string TERM, uint32 columns, uint32 rows, uint32 width in pixels, uint32 height in pixels,
 * string terminal modes
 */
export const ptyRequest = (recipient: number, term: string, columns: number, rows: number): Buffer =>
  // The modes are a list that ends with TTY_OP_END: an empty one leaves all to the server.
  request(recipient, 'pty-req', true, term, columns, rows, 0, 0, Uint8Array.of(0));
