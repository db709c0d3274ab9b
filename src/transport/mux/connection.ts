import type { Channel, Connection, OpenOptions } from '../transport.js';
import type { MuxChannel } from './channel.js';
import type { Link } from './link.js';
import type { Opener, Sessions } from './sessions.js';

/** One user's part of a link: its channels end with it, the link with its last user. */
export class MuxConnection implements Connection, Opener {
  readonly kind = 'mux';
  closed = false;
  private readonly channels = new Set<MuxChannel>();

  constructor(
    private readonly link: Link,
    private readonly sessions: Sessions,
    private readonly leave: (user: object) => Promise<void>,
  ) {}

  get poisoned(): boolean {
    return this.link.poisoned;
  }

  get freeSessions(): number {
    return this.sessions.free;
  }

  get mostSessions(): number {
    return this.sessions.slots.most;
  }

  async open(command: string, options: OpenOptions): Promise<Channel> {
    const channel = await this.sessions.open(this, command, options);
    this.channels.add(channel);
    void channel.released.then(() => this.channels.delete(channel));
    if (this.closed) channel.close();
    return channel;
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    for (const channel of this.channels) channel.close();
    await this.leave(this);
  }
}
