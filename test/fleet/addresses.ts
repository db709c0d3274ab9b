import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';

/** A port nobody listens on, or null where the address is not ours. */
async function freePort(address: string): Promise<number | null> {
  const server = createServer();
  server.listen(0, address);
  try {
    await once(server, 'listening');
  } catch {
    return null;
  }
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

/**
 * Gives each host a loopback address of its own, so that nothing which tells hosts apart by address mixes them up.
 * Where only 127.0.0.1 exists (macOS), ports are what differs.
 */
export class Addresses {
  readonly #taken = new Set<string>();
  // Anywhere in 127/8 but 127.0: fleets run beside each other.
  #next = randomInt(1, 255) * 2 ** 16 + randomInt(0, 256) * 2 ** 8;

  /** The next address, in the order of the calls. */
  nextAddress(): string {
    this.#next += 1;
    if (this.#next % 256 === 255) this.#next += 2;
    return [127, (this.#next >> 16) & 255, (this.#next >> 8) & 255, this.#next & 255].join('.');
  }

  /** A free port on that address, or on 127.0.0.1 where it does not exist; a different one each time. */
  async endpoint(address: string): Promise<Endpoint> {
    return (await this.#takeOn(address)) ?? (await this.#takeOn('127.0.0.1')) ?? fail();
  }

  async #takeOn(address: string): Promise<Endpoint | null> {
    for (let attempt = 0; attempt < 20; attempt += 1) {
      const port = await freePort(address);
      if (port === null) return null;
      const name = `${address}:${port}`;
      if (this.#taken.has(name)) continue;
      this.#taken.add(name);
      return { address, port };
    }
    return null;
  }
}

function fail(): never {
  throw new Error('no free port on 127.0.0.1');
}
