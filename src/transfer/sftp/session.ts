import type { Channel } from '../../transport/transport.js';
import {
  type Attributes,
  attributeFields,
  OPEN_NEW,
  PacketReader,
  packet,
  SftpFault,
  STATUS,
  TYPE,
  writeHead,
} from './packets.js';

export { SftpFault } from './packets.js';

const VERSION = 3;
// draft section 3: what every server has to take. OpenSSH, known by an extension of its own, takes more.
const PIECE = 32 * 1024;
const OPENSSH_PIECE = 255 * 1024;
const LONGEST_ANSWER = 256 * 1024;

interface Answer {
  readonly type: number;
  readonly fields: PacketReader;
}

interface Asked {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}

/** The server has said no. */
export class SftpRefusal extends Error {
  override readonly name = 'SftpRefusal';
  constructor(readonly status: number) {
    super(`sftp status ${status}`);
  }
}

/** One SFTP session. Requests may be asked at once: the server works them off in their order. */
export class SftpSession {
  /** The largest piece that one WRITE may carry. */
  piece = PIECE;
  /** Whether a rename may take the place of what has the name. */
  replaces = false;
  private readonly asked = new Map<number, Asked>();
  private nextId = 0;
  private unsent: Uint8Array[] = [];
  private held: Buffer = Buffer.alloc(0);
  private over: Error | null = null;
  private readonly begun: Promise<void>;
  private onVersion: Asked | null = null;

  /** @param channel to the subsystem; its outputs are read here */
  constructor(private readonly channel: Channel) {
    this.begun = new Promise((resolve, reject) => {
      this.onVersion = {
        reject,
        resolve: ({ fields }) => {
          while (!fields.atEnd) this.extension(fields.string().toString(), fields.string().toString());
          resolve();
        },
      };
    });
    this.begun.catch(() => undefined);
    channel.stderr.resume();
    channel.stdout.on('data', (chunk: Buffer) => this.take(chunk));
    channel.stdout.on('close', () => this.fail(new SftpFault('the session has ended')));
    this.send(packet(TYPE.init, VERSION));
  }

  /** The server speaks SFTP. @throws SftpFault */
  get ready(): Promise<void> {
    return this.begun;
  }

  /** Follows links. Null: nothing has the name. */
  stat(path: string): Promise<Attributes | null> {
    return this.attributesOf(TYPE.stat, path);
  }

  /** Of a link its own. */
  lstat(path: string): Promise<Attributes | null> {
    return this.attributesOf(TYPE.lstat, path);
  }

  /** Makes a file that nothing has the name of yet. @returns its handle */
  async create(path: string, mode: number): Promise<Buffer> {
    return this.handle(this.ask(TYPE.open, path, OPEN_NEW, ...attributeFields({ mode })));
  }

  /** Sends a piece of at most `piece` bytes; resolves once the server has written it. */
  async write(handle: Buffer, offset: number, data: Uint8Array): Promise<void> {
    const answer = this.request((id) => {
      this.send(writeHead(id, handle, offset, data.length));
      this.send(data);
    });
    await done(answer);
  }

  async setAttributes(handle: Buffer, attributes: Attributes): Promise<void> {
    await done(this.ask(TYPE.fsetstat, handle, ...attributeFields(attributes)));
  }

  async close(handle: Buffer): Promise<void> {
    await done(this.ask(TYPE.close, handle));
  }

  async remove(path: string): Promise<void> {
    await done(this.ask(TYPE.remove, path));
  }

  /** In one step, also over what has the name. Only where it `replaces`. */
  async rename(from: string, to: string): Promise<void> {
    await done(this.ask(TYPE.extended, 'posix-rename@openssh.com', from, to));
  }

  /** Looks at each name in a folder; those that begin so are yielded. */
  async *names(folder: string, beginning: string): AsyncGenerator<string> {
    const wanted = Buffer.from(beginning);
    const handle = await this.handle(this.ask(TYPE.opendir, folder));
    try {
      for (;;) {
        const { type, fields } = await this.ask(TYPE.readdir, handle);
        if (type === TYPE.status) {
          const status = fields.uint32();
          if (status === STATUS.eof) return;
          throw new SftpRefusal(status);
        }
        if (type !== TYPE.name) throw new SftpFault('no names');
        for (let left = fields.uint32(); left > 0; left -= 1) {
          const name = fields.string();
          if (name.subarray(0, wanted.length).equals(wanted)) yield name.toString();
          fields.string();
          fields.skipAttributes();
        }
      }
    } finally {
      this.close(handle).catch(() => undefined);
    }
  }

  /** Lets the session go. */
  end(): void {
    this.channel.stdin?.end();
    this.fail(new SftpFault('the session was closed'));
    this.channel.close();
  }

  private extension(name: string, value: string): void {
    if (name === 'posix-rename@openssh.com' && value === '1') this.replaces = true;
    if (name === 'limits@openssh.com') this.piece = OPENSSH_PIECE;
  }

  private async attributesOf(type: number, path: string): Promise<Attributes | null> {
    const answer = await this.ask(type, path);
    if (answer.type === TYPE.attrs) return answer.fields.attributes();
    if (answer.type !== TYPE.status) throw new SftpFault('no attributes');
    const status = answer.fields.uint32();
    if (status === STATUS.noSuchFile) return null;
    throw new SftpRefusal(status);
  }

  private async handle(asked: Promise<Answer>): Promise<Buffer> {
    const { type, fields } = await asked;
    // A copy: the packet that it came in is not to be kept.
    if (type === TYPE.handle) return Buffer.from(fields.string());
    if (type === TYPE.status) throw new SftpRefusal(fields.uint32());
    throw new SftpFault('no handle');
  }

  private ask(type: number, ...fields: readonly (number | string | Uint8Array)[]): Promise<Answer> {
    return this.request((id) => this.send(packet(type, id, ...fields)));
  }

  private request(send: (id: number) => void): Promise<Answer> {
    const id = this.nextId++;
    return new Promise((resolve, reject) => {
      if (this.over !== null) return reject(this.over);
      this.asked.set(id, { resolve, reject });
      send(id);
    });
  }

  /** What is asked in one turn goes out in one piece: each wakes the master and the server once. */
  private send(bytes: Uint8Array): void {
    if (this.unsent.length === 0) setImmediate(() => this.flush());
    this.unsent.push(bytes);
  }

  private flush(): void {
    const { stdin } = this.channel;
    const [first = Buffer.alloc(0)] = this.unsent;
    const bytes = this.unsent.length === 1 ? first : Buffer.concat(this.unsent);
    this.unsent = [];
    if (stdin?.destroyed === false) stdin.write(bytes);
    else this.fail(new SftpFault('the session has ended'));
  }

  private take(chunk: Buffer): void {
    this.held = this.held.length === 0 ? chunk : Buffer.concat([this.held, chunk]);
    try {
      while (this.held.length >= 4) {
        const length = this.held.readUInt32BE(0);
        // What is no SFTP, a text say, gives a length beyond reason.
        if (length < 1 || length > LONGEST_ANSWER) throw new SftpFault('the host does not speak SFTP');
        if (this.held.length < 4 + length) return;
        const body = this.held.subarray(4, 4 + length);
        this.held = this.held.subarray(4 + length);
        this.receive(new PacketReader(body));
      }
    } catch (error) {
      this.fail(error as Error);
    }
  }

  private receive(fields: PacketReader): void {
    const type = fields.byte();
    const id = fields.uint32();
    if (this.onVersion !== null) {
      if (type !== TYPE.version || id !== VERSION) throw new SftpFault('not the version that was asked for');
      this.onVersion.resolve({ type, fields });
      this.onVersion = null;
      return;
    }
    const asked = this.asked.get(id);
    if (asked === undefined) throw new SftpFault('an answer to what was not asked');
    this.asked.delete(id);
    asked.resolve({ type, fields });
  }

  private fail(error: Error): void {
    this.over ??= error;
    this.onVersion?.reject(this.over);
    for (const { reject } of this.asked.values()) reject(this.over);
    this.asked.clear();
  }
}

async function done(asked: Promise<Answer>): Promise<void> {
  const { type, fields } = await asked;
  if (type !== TYPE.status) throw new SftpFault('no status');
  const status = fields.uint32();
  if (status !== STATUS.ok) throw new SftpRefusal(status);
}
