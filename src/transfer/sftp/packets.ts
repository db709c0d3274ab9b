/** SFTP version 3, draft-ietf-secsh-filexfer-02: what of it a file takes that is sent. */
export const TYPE = {
  init: 1,
  version: 2,
  open: 3,
  close: 4,
  write: 6,
  lstat: 7,
  fsetstat: 10,
  opendir: 11,
  readdir: 12,
  remove: 13,
  stat: 17,
  status: 101,
  handle: 102,
  name: 104,
  attrs: 105,
  extended: 200,
} as const;

export const STATUS = { ok: 0, eof: 1, noSuchFile: 2 } as const;

/** Section 6.3: write, make it, and fail where something has the name. */
export const OPEN_NEW = 0x02 | 0x08 | 0x20;

// Section 5.
const HAS = { size: 0x1, owner: 0x2, mode: 0x4, times: 0x8, extensions: 0x80000000 } as const;

export interface Attributes {
  readonly size?: number;
  readonly owner?: { readonly user: number; readonly group: number };
  /** With the bits that tell a folder from a file, where the server gave it. */
  readonly mode?: number;
  /** Seconds since the epoch. */
  readonly mtime?: number;
}

/** What the server sent is no SFTP, or not what was asked. */
export class SftpFault extends Error {
  override readonly name = 'SftpFault';
}

type Field = number | string | Uint8Array;

/** uint32 length, byte type, then numbers as uint32 and texts with their length. */
export function packet(type: number, ...fields: readonly Field[]): Buffer {
  const parts = fields.map((field) => (typeof field === 'string' ? Buffer.from(field) : field));
  const length = parts.reduce<number>(
    (sum, part) => sum + 4 + (typeof part === 'number' ? 0 : part.length),
    1,
  );
  const bytes = Buffer.allocUnsafe(4 + length);
  let at = bytes.writeUInt8(type, bytes.writeUInt32BE(length, 0));
  for (const part of parts) {
    at = bytes.writeUInt32BE(typeof part === 'number' ? part : part.length, at);
    if (typeof part === 'number') continue;
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** A WRITE up to its data, which follow as they are: uint32 id, string handle, uint64 offset, string data. */
export function writeHead(id: number, handle: Uint8Array, offset: number, length: number): Buffer {
  const head = Buffer.allocUnsafe(4 + 1 + 4 + 4 + handle.length + 8 + 4);
  let at = head.writeUInt32BE(head.length - 4 + length, 0);
  at = head.writeUInt8(TYPE.write, at);
  at = head.writeUInt32BE(id, at);
  at = head.writeUInt32BE(handle.length, at);
  head.set(handle, at);
  at = head.writeBigUInt64BE(BigInt(offset), at + handle.length);
  head.writeUInt32BE(length, at);
  return head;
}

/** The fields that attributes stand for in a packet; what is not given is left as it is. */
export function attributeFields({ owner, mode, mtime }: Attributes): readonly number[] {
  return [
    (owner === undefined ? 0 : HAS.owner) |
      (mode === undefined ? 0 : HAS.mode) |
      (mtime === undefined ? 0 : HAS.times),
    ...(owner === undefined ? [] : [owner.user, owner.group]),
    ...(mode === undefined ? [] : [mode]),
    ...(mtime === undefined ? [] : [mtime, mtime]),
  ];
}

/** Reads the fields of one packet. @throws SftpFault beyond its end */
export class PacketReader {
  private at = 0;

  constructor(private readonly bytes: Buffer) {}

  get atEnd(): boolean {
    return this.at === this.bytes.length;
  }

  byte(): number {
    return this.bytes.readUInt8(this.advance(1));
  }

  uint32(): number {
    return this.bytes.readUInt32BE(this.advance(4));
  }

  string(): Buffer {
    const length = this.uint32();
    const start = this.advance(length);
    return this.bytes.subarray(start, start + length);
  }

  attributes(): Attributes {
    const flags = this.uint32();
    const size = (flags & HAS.size) === 0 ? null : Number(this.bytes.readBigUInt64BE(this.advance(8)));
    const owner = (flags & HAS.owner) === 0 ? null : { user: this.uint32(), group: this.uint32() };
    const mode = (flags & HAS.mode) === 0 ? null : this.uint32();
    if ((flags & HAS.times) !== 0) this.advance(8);
    this.skipExtensions(flags);
    return {
      ...(size === null ? {} : { size }),
      ...(owner === null ? {} : { owner }),
      ...(mode === null ? {} : { mode }),
    };
  }

  skipAttributes(): void {
    const flags = this.uint32();
    const size = (flags & HAS.size) === 0 ? 0 : 8;
    const owner = (flags & HAS.owner) === 0 ? 0 : 8;
    const mode = (flags & HAS.mode) === 0 ? 0 : 4;
    this.advance(size + owner + mode + ((flags & HAS.times) === 0 ? 0 : 8));
    this.skipExtensions(flags);
  }

  /** Pairs of texts. */
  private skipExtensions(flags: number): void {
    if ((flags & HAS.extensions) === 0) return;
    for (let left = this.uint32(); left > 0; left -= 1) {
      this.string();
      this.string();
    }
  }

  private advance(bytes: number): number {
    const start = this.at;
    if (bytes > this.bytes.length - start) throw new SftpFault('a packet ends within a field');
    this.at = start + bytes;
    return start;
  }
}
