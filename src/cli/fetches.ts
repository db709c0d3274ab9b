import path from 'node:path';
import { usageError } from '../core/errors.js';
import { TRANSFER_DEFAULTS } from '../core/files.js';
import type { ConnectionOptions } from '../core/options.js';
import { show } from '../core/show.js';
import { fillPath, targetValues } from '../core/template.js';
import type { PlannedHost } from '../run/plan.js';
import { planGet } from '../run/plan-transfer.js';
import { fileNames } from '../sinks/file-name.js';

/**
 * `--fetch REMOTE:LOCAL`: what each host's commands are followed by.
 * @throws PsshError ERR_USAGE
 */
export function planFetches(
  plan: readonly PlannedHost[],
  fetches: readonly string[],
  connection: ConnectionOptions,
): readonly PlannedHost[] {
  const names = fileNames(plan.map(({ target }) => target));
  const owners = new Map<string, string>();
  const options = { options: { ...TRANSFER_DEFAULTS, recursive: true }, ignoreMissing: false };
  const gets = fetches.map(splitFetch).map(({ remote, local }) => {
    const command = `get ${remote} ${local}`;
    const hosts = plan.map(({ target }, place) => {
      const values = targetValues(target, plan.length, target.user ?? connection.user);
      const folder = path.join(path.resolve(fillPath(local, values)), names[place] ?? '');
      return { command, sources: [fillPath(remote, values)], folder, suffix: '' };
    });
    return planGet(hosts, options, owners);
  });
  return plan.map(({ target, steps }, place) => ({
    target,
    steps: [...steps, ...gets.flatMap((get) => get[place] ?? [])],
  }));
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
