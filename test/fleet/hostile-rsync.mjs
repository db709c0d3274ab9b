// The sending side of an rsync that lies about names, to see what a receiving rsync makes of it. It stands as `rsync`
// on a host, so its arguments are those of rsync's --server; before them come the kind of lie, and the place it tells of.
// Protocol 30 without incremental recursion: file list in one piece, whole files, MD5.
import { createHash } from 'node:crypto';

const [, , lie = '', place = '', ...args] = process.argv;
const FOLDER = 0o040755;
const FILE = 0o100644;
const LINK = 0o120777;
const LIES = {
  honest: [['honest', FILE]],
  dotdot: [[`../../${place}`, FILE]],
  'dotdot within': [
    ['folder', FOLDER],
    [`folder/../../../${place}`, FILE],
  ],
  absolute: [[place, FILE]],
  'link out': [
    ['link', LINK, place],
    ['link/below', FILE],
  ],
  'link and folder': [
    ['link', LINK, place],
    ['link', FOLDER],
    ['link/below', FILE],
  ],
  // Where the link has come before.
  link: [['link', LINK, place]],
  'below the link': [['link/below', FILE]],
  'folder for the link': [
    ['link', FOLDER],
    ['link/below', FILE],
  ],
  'file for the link': [['link', FILE]],
};
const entries = [['.', FOLDER], ...(LIES[lie] ?? [])];
const CONTENT = Buffer.from('bad');
const DONE = 0;
const TRANSFER = 1 << 15;
const BASIS = 1 << 11;
const OTHER_NAME = 1 << 12;

const int = (value) => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
};
/** A number in so many bytes, the highest first and then from the lowest up: small ones alone are written here. */
const long = (value, size) => {
  const bytes = Buffer.alloc(size);
  bytes.writeUIntLE(value, 0, size);
  return Buffer.concat([bytes.subarray(-1), bytes.subarray(0, -1)]);
};

const SAME_OWNER = 0x08 | 0x10;
const LONG_NAME = 0x40;
const entry = ([name, mode, target]) => {
  const text = Buffer.from(name);
  const link = Buffer.from(target ?? '');
  return Buffer.concat([
    Buffer.of(SAME_OWNER | LONG_NAME, text.length),
    text,
    long(mode === FILE ? CONTENT.length : 0, 3),
    long(1_600_000_000, 4),
    int(mode),
    ...(mode === LINK ? [Buffer.of(link.length), link] : []),
  ]);
};

/** Bytes of stdin, as many as are wanted; ends the process where there are no more. */
const input = process.stdin[Symbol.asyncIterator]();
let held = Buffer.alloc(0);
async function raw(count) {
  while (held.length < count) {
    const { value, done } = await input.next();
    if (done) process.exit(0);
    held = Buffer.concat([held, value]);
  }
  const bytes = held.subarray(0, count);
  held = held.subarray(count);
  return bytes;
}
let data = Buffer.alloc(0);
/** The same of the frames that data comes in; their other kinds are passed over. */
async function take(count) {
  while (data.length < count) {
    const header = (await raw(4)).readUInt32LE();
    const body = await raw(header & 0xffffff);
    if (header >>> 24 === 7) data = Buffer.concat([data, body]);
  }
  const bytes = data.subarray(0, count);
  data = data.subarray(count);
  return bytes;
}
const write = (...parts) => process.stdout.write(Buffer.concat(parts));
const send = (...parts) => {
  const body = Buffer.concat(parts);
  write(int((7 << 24) | body.length), body);
};

// With --protect-args the rest of the arguments comes first, each with a NUL behind it, and one more at the end.
let options = args.join(' ');
for (let last = 1, byte = 1; last !== 0 || byte !== 0; ) {
  last = byte;
  [byte] = await raw(1);
  options += String.fromCharCode(byte);
}
const withOwners = /(^|[ \0])-[A-Za-z]*o/.test(options);
write(int(30));
await raw(4);
// No flags; the seed of the checksums.
write(Buffer.of(0), int(1));
for (let length = (await take(4)).readInt32LE(); length !== 0; length = (await take(4)).readInt32LE())
  await take(length);
send(...entries.map(entry), Buffer.of(0), ...(withOwners ? [Buffer.of(0, 0)] : []));

for (let phase = 0; phase < 3; ) {
  const [step] = await take(1);
  if (step === DONE) {
    phase += 1;
    send(Buffer.of(DONE));
    continue;
  }
  const flags = await take(2);
  const bits = flags.readUInt16LE();
  const more = bits & BASIS ? await take(1) : Buffer.alloc(0);
  if (bits & OTHER_NAME) process.exit(1);
  if ((bits & TRANSFER) === 0) {
    send(Buffer.of(step), flags, more);
    continue;
  }
  const sums = await take(16);
  const [count, , size] = [0, 4, 8].map((at) => sums.readInt32LE(at));
  await take(count * (4 + size));
  const hash = createHash('md5').update(CONTENT).digest();
  send(Buffer.of(step), flags, more, sums, int(CONTENT.length), CONTENT, int(0), hash);
}
send(...Array.from({ length: 5 }, () => long(0, 3)));
await take(1);
process.exit(0);
