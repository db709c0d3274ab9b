// An sftp-server that answers every question with one lie, to see what its clients make of it. Arguments: the kind of
// lie, and the folder that it tells of. SFTP version 3, draft-ietf-secsh-filexfer-02.
const [, , lie = '', escaped = ''] = process.argv;
const FOLDER = 0o040755;
const FILE = 0o100644;
const LINK = 0o120777;
const LIES = {
  dotdot: [[`../../../${escaped}`, FILE]],
  absolute: [[`/tmp/${escaped}`, FILE]],
  link: [
    ['link', LINK],
    ['link/below', FILE],
  ],
};
const names = LIES[lie] ?? [];

const u32 = (value) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};
const text = (value) => Buffer.concat([u32(Buffer.byteLength(value)), Buffer.from(value)]);
const attributes = (mode) => Buffer.concat([u32(0x1 | 0x4), u32(0), u32(3), u32(mode)]);
const send = (type, ...parts) => {
  const body = Buffer.concat([Buffer.of(type), ...parts]);
  process.stdout.write(Buffer.concat([u32(body.length), body]));
};
const status = (id, code) => send(101, id, u32(code), text(''), text(''));

const listed = new Set();
const offsets = new Map();
function answer(body) {
  const type = body[0];
  const id = body.subarray(1, 5);
  const argument = () => body.subarray(9, 9 + body.readUInt32BE(5)).toString();
  if (type === 1) send(2, u32(3));
  else if (type === 11) send(102, id, text(`d${argument()}`));
  else if (type === 3) send(102, id, text(`f${offsets.size}`));
  else if (type === 12) {
    const handle = argument();
    if (listed.has(handle)) return status(id, 1);
    listed.add(handle);
    const all = [['.', FOLDER], ['..', FOLDER], ...names];
    send(
      104,
      id,
      u32(all.length),
      ...all.flatMap(([name, mode]) => [text(name), text(name), attributes(mode)]),
    );
  } else if (type === 5) {
    const handle = argument();
    if (offsets.has(handle)) return status(id, 1);
    offsets.set(handle, 3);
    send(103, id, text('bad'));
  } else if (type === 17 || type === 7 || type === 8)
    send(105, id, attributes(/asked$/.test(type === 8 ? 'asked' : argument()) ? FOLDER : FILE));
  else if (type === 16) send(104, id, u32(1), text(argument()), text(argument()), attributes(FOLDER));
  else if (type === 19) send(104, id, u32(1), text('../../../..'), text(''), attributes(LINK));
  else status(id, type === 4 ? 0 : 8);
}

let held = Buffer.alloc(0);
process.stdin.on('data', (chunk) => {
  held = Buffer.concat([held, chunk]);
  while (held.length >= 4 && held.length >= 4 + held.readUInt32BE(0)) {
    const body = held.subarray(4, 4 + held.readUInt32BE(0));
    held = held.subarray(4 + body.length);
    answer(body);
  }
});
process.stdin.on('end', () => process.exit(0));
