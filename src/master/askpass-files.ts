import type { ConnectionOptions } from '../core/options.js';
import { Askpass } from '../ssh/askpass.js';
import type { MasterStore } from './store.js';

/**
 * Answers questions of logins, where there is an answer to give; null: there is none.
 * @throws PsshError ERR_USAGE, ERR_MASTER
 */
export async function openAskpass(
  store: MasterStore,
  owner: string,
  { secrets }: ConnectionOptions,
): Promise<Askpass | null> {
  if (secrets?.password === undefined && secrets?.passphrase === undefined) return null;
  // Swept with the owner's logs, should we die.
  const files = { socket: store.file(`s.${owner}.ask`), program: store.file(`s.${owner}.askpass`) };
  return Askpass.open(files, secrets);
}
