/** What the other side sent can't be right: the connection it came on is given up. */
export class WireFault extends Error {
  override readonly name = 'WireFault';
}
