import type { TransportChoice } from '../core/options.js';
import type { SessionTraits } from '../master/session-traits.js';
import { muxTransport } from './mux.js';
import { processTransport } from './process.js';
import type { Transport } from './transport.js';

const CHOICES: Readonly<Record<TransportChoice, Transport>> = {
  mux: muxTransport,
  process: processTransport,
  auto: {
    kind: 'auto',
    connect: async (master, pool, signal) => {
      const reason = unfitForMux(master.session);
      if (reason === null) return muxTransport.connect(master, pool, signal);
      return Object.assign(await processTransport.connect(master, pool, signal), { reason });
    },
  },
};

export function chooseTransport(choice: TransportChoice): Transport {
  return CHOICES[choice];
}

/** Why ssh itself has to serve. */
function unfitForMux(session: SessionTraits | null): string | null {
  if (session === null) return 'what its ssh_config asks for is not on record';
  // These do not work in proxy mode.
  return session.forwards ? 'its ssh_config asks for agent or X11 forwarding' : null;
}
