import { WireFault } from './fault.js';

/** Reads the fields of one packet (RFC 4251 section 5), never beyond its end. */
export class FieldReader {
  private at = 0;

  constructor(private readonly packet: Buffer) {}

  byte(): number {
    return this.packet[this.advance(1)] ?? 0;
  }

  /** RFC 4251: any value but 0 is true. */
  boolean(): boolean {
    return this.byte() !== 0;
  }

  uint32(): number {
    return this.packet.readUInt32BE(this.advance(4));
  }

  /** A part of the packet, not a copy. */
  string(): Buffer {
    const length = this.uint32();
    const start = this.advance(length);
    return this.packet.subarray(start, start + length);
  }

  text(): string {
    return this.string().toString('utf8');
  }

  rest(): Buffer {
    return this.packet.subarray(this.advance(this.packet.length - this.at));
  }

  /** @throws WireFault when something is left */
  end(): void {
    const left = this.packet.length - this.at;
    if (left !== 0) throw new WireFault(`${left} bytes too many in a packet`);
  }

  private advance(bytes: number): number {
    const start = this.at;
    if (bytes > this.packet.length - start) throw new WireFault('a packet ends within a field');
    this.at = start + bytes;
    return start;
  }
}

export type Field = number | boolean | string | Uint8Array;

/** A whole frame: its length, then the fields. Numbers are uint32, of booleans and texts RFC 4251 has the form. */
export function frame(prefix: readonly number[], fields: readonly Field[]): Buffer {
  const parts = fields.map((field) => (typeof field === 'string' ? Buffer.from(field) : field));
  let length = prefix.length;
  for (const part of parts) length += sizeOf(part);
  const bytes = Buffer.allocUnsafe(4 + length);
  let at = bytes.writeUInt32BE(length, 0);
  for (const byte of prefix) at = bytes.writeUInt8(byte, at);
  for (const part of parts) {
    if (typeof part === 'boolean') at = bytes.writeUInt8(part ? 1 : 0, at);
    else if (typeof part === 'number') at = bytes.writeUInt32BE(part, at);
    else {
      at = bytes.writeUInt32BE(part.length, at);
      bytes.set(part, at);
      at += part.length;
    }
  }
  return bytes;
}

function sizeOf(part: number | boolean | Uint8Array): number {
  if (typeof part === 'boolean') return 1;
  return typeof part === 'number' ? 4 : 4 + part.length;
}
