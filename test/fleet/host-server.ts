/** One running server of a fleet, whichever way it runs. */
export interface HostServer {
  /** Lets no one in any more. */
  close(): Promise<void>;
  /** Its own processes; not those that its sessions left to pid 1 (processes.ts finds them). */
  roots(): Promise<readonly number[]>;
  /** What can still be done when this process exits without stop(). */
  killNow(): void;
  /** Starts it once more, where it was. Not every kind of server can. */
  again?(): Promise<void>;
}
