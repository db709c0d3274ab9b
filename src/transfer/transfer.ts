import type { TransferredFile } from '../core/files.js';
import { type GetRequest, get } from './get.js';
import { type PutRequest, put } from './put.js';
import type { TransferHost } from './remote.js';
import { type SyncRequest, sync } from './sync.js';

/** What is to be moved to or from one host. */
export type TransferRequest = PutRequest | GetRequest | SyncRequest;

/**
 * Moves files to or from one host.
 * @throws PsshError ERR_TRANSFER where it failed, else the connection's; the signal's reason
 */
export function transfer(request: TransferRequest, host: TransferHost): Promise<readonly TransferredFile[]> {
  switch (request.kind) {
    case 'put':
      return put(request, host);
    case 'get':
      return get(request, host);
    case 'sync':
      return sync(request, host);
  }
}

/** Whether it goes by programs of the system, which have a side of their own on the host. */
export function startsPrograms(request: TransferRequest): boolean {
  return request.kind === 'sync' || request.options.via === 'scp' || request.options.via === 'rsync';
}
