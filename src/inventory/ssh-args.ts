/** ssh options that an inventory sets for one host. */
export interface HostSshOptions {
  /** `ssh -i`, in order. */
  readonly identities: readonly string[];
  /** `ssh -J`. */
  readonly jump?: string;
  /** `ssh -F`. */
  readonly configFile?: string;
  /** `ssh -o`, each `Key=value`, in order: ssh takes the first of a key. */
  readonly options: readonly string[];
}
