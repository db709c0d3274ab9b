import type { ConnectionOptions, TransportChoice } from '../core/options.js';
import type { Master } from '../master/pool.js';
import { muxTransport } from './mux.js';
import { plainTransport } from './plain.js';
import { processTransport } from './process.js';
import type { Transport } from './transport.js';

const CHOICES: Readonly<Record<TransportChoice, Transport>> = {
  mux: muxTransport,
  process: processTransport,
  auto: {
    kind: 'auto',
    connect: async (master, pool, signal) => {
      const reason = unfitForMux(master);
      if (reason === null) return muxTransport.connect(master, pool, signal);
      return Object.assign(await processTransport.connect(master, pool, signal), { reason });
    },
    keep: (master) => (unfitForMux(master) === null ? (muxTransport.keep?.(master) ?? null) : null),
  },
};

export function chooseTransport({ mux, transport }: ConnectionOptions): Transport {
  return mux ? CHOICES[transport] : plainTransport;
}

/** Why ssh itself has to serve. */
function unfitForMux({ session, users }: Master): string | null {
  if (users) return "the user's own master";
  if (session === null) return 'what its ssh_config asks for is not on record';
  // These do not work in proxy mode.
  return session.forwards ? 'its ssh_config asks for agent or X11 forwarding' : null;
}
