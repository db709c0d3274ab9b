import path from 'node:path';
import { usageError } from '../core/errors.js';
import { TRANSFER_DEFAULTS } from '../core/files.js';
import { show } from '../core/show.js';
import { fillPath } from '../core/template.js';
import type { PlannedHost, PlannedStep } from '../run/plan.js';
import { fileNames } from '../sinks/file-name.js';
import type { HostShare } from './split-options.js';

/**
 * `--fetch REMOTE:LOCAL`: what each host's commands are followed by.
 * @throws PsshError ERR_USAGE
 */
export function planFetches(
  plan: readonly PlannedHost[],
  fetches: readonly string[],
  shares: readonly HostShare[],
): readonly PlannedHost[] {
  const names = fileNames(plan.map(({ target }) => target));
  const owners = new Map<string, string>();
  const pairs = fetches.map(splitFetch);
  return plan.map((host, place) => {
    const values = shares[place]?.values ?? {};
    const requests = pairs.map(({ remote, local }): PlannedStep => {
      const command = `get ${remote} ${local}`;
      if (host.skipped !== undefined) return { command, text: '' };
      const request = {
        kind: 'get',
        sources: [fillPath(remote, values)],
        folder: path.join(path.resolve(fillPath(local, values)), names[place] ?? ''),
        suffix: '',
        ignoreMissing: false,
        options: { ...TRANSFER_DEFAULTS, recursive: true },
        owners,
      } as const;
      return { command, request };
    });
    return { ...host, steps: [...host.steps, ...requests] };
  });
}

// The last colon: names of hosts' files hold colons more often than folders here.
function splitFetch(text: string): { readonly remote: string; readonly local: string } {
  const colon = text.lastIndexOf(':');
  const [remote, local] = [text.slice(0, colon), text.slice(colon + 1)];
  if (colon > 0 && local !== '') return { remote, local };
  throw usageError(
    `--fetch: ${show(text)} does not name both sides; write REMOTE:LOCAL, as in /tmp/report.xml:reports`,
  );
}
