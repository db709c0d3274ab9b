/** Messages as bytes, written apart from the code under test. */
export type Part = number | string | boolean | Uint8Array;

/** uint32 length, then: numbers as uint32, booleans as a byte, texts and bytes with their length. */
export function packet(prefix: readonly number[], ...parts: readonly Part[]): Buffer {
  const body = Buffer.concat([Buffer.from(prefix), ...parts.map(bytesOf)]);
  return Buffer.concat([bytesOf(body.length), body]);
}

function bytesOf(part: Part): Buffer {
  if (typeof part === 'boolean') return Buffer.from([part ? 1 : 0]);
  if (typeof part === 'number') {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(part);
    return bytes;
  }
  const content = Buffer.from(part as Uint8Array);
  return Buffer.concat([bytesOf(content.length), content]);
}

const channelMessage =
  (number: number) =>
  (channel: number, ...parts: readonly Part[]): Buffer =>
    packet([0, number], channel, ...parts);

/** What a server sends; the first argument is the client's number of the channel. */
export const server = {
  globalRequest: (name: string, wantReply: boolean) => packet([0, 80], name, wantReply),
  open: (kind: string, sender: number) => packet([0, 90], kind, sender, 65536, 32768),
  confirmation: (channel: number, peer: number, window = 2 ** 21, maxPacket = 32768) =>
    packet([0, 91], channel, peer, window, maxPacket),
  openFailure: (channel: number, reason = 'open failed') => packet([0, 92], channel, 2, reason, ''),
  windowAdjust: channelMessage(93),
  data: channelMessage(94),
  extendedData: (channel: number, code: number, data: Part) => packet([0, 95], channel, code, data),
  eof: channelMessage(96),
  close: channelMessage(97),
  request: (channel: number, name: string, wantReply: boolean, ...parts: readonly Part[]) =>
    packet([0, 98], channel, name, wantReply, ...parts),
  exitStatus: (channel: number, status: number) => packet([0, 98], channel, 'exit-status', false, status),
  exitSignal: (channel: number, name: string) =>
    packet([0, 98], channel, 'exit-signal', false, name, false, '', ''),
  success: channelMessage(99),
  failure: channelMessage(100),
} as const;
