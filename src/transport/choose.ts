import type { TransportChoice } from '../core/options.js';
import { muxTransport } from './mux.js';
import { processTransport } from './process.js';
import type { Transport } from './transport.js';

const CHOICES: Readonly<Record<TransportChoice, Transport>> = {
  mux: muxTransport,
  process: processTransport,
  // Agent and X11 forwarding do not work in proxy mode: where ssh_config asks for them, ssh serves.
  auto: {
    kind: 'auto',
    connect: (master, pool, signal) =>
      (master.session.forwards ? processTransport : muxTransport).connect(master, pool, signal),
  },
};

export function chooseTransport(choice: TransportChoice): Transport {
  return CHOICES[choice];
}
