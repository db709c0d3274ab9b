import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { findProgram } from '../fleet/find-sshd.js';
import { type Fleet, startFleet } from '../fleet/fleet.js';
import { BIN } from './cli.js';

/** The hosts and files that the pages of docs/ speak of. */
export interface DocsFleet {
  readonly fleet: Fleet;
  /** `ssh` and `pssh-ts` of its PATH know the hosts without a word. */
  readonly env: NodeJS.ProcessEnv;
  /** A folder with the files that the pages name. */
  workFolder(name: string): Promise<string>;
}

const FILES: Readonly<Record<string, string>> = {
  'hosts.txt': 'web1\nweb2\n',
  'hosts.ini': '[web]\nweb[1:2]\n\n[db]\ndb1\n',
  'app.ini': 'mode = fast\n',
  motd: 'hello\n',
  'check.sh': '#!/bin/sh\ntest -d /tmp && echo fine\n',
};

export async function startDocsFleet(): Promise<DocsFleet> {
  const fleet = await startFleet({
    hosts: [
      ...['web1', 'web2', 'db1'].map((name) => ({ name })),
      { name: 'down', kind: 'dead-port' },
      { name: 'locked', kind: 'refused-key' },
      { name: 'moved', kind: 'wrong-host-key' },
      { name: 'mistyped', kind: 'unresolvable' },
      { name: 'silent', kind: 'silent-before-banner' },
    ],
  });
  const bin = join(fleet.dir, 'bin');
  await mkdir(bin);
  const programs = {
    ssh: `exec ${findProgram('ssh')} -F ${fleet.configPath} -o ConnectTimeout=30 "$@"`,
    'pssh-ts': `exec ${process.execPath} ${BIN} "$@"`,
  };
  for (const [name, line] of Object.entries(programs)) {
    await writeFile(join(bin, name), `#!/bin/sh\n${line}\n`);
    await chmod(join(bin, name), 0o755);
  }
  return {
    fleet,
    env: {
      ...fleet.env,
      PATH: `${bin}${delimiter}${fleet.env.PATH}`,
      PSSH_TS_SSH_CONFIG: fleet.configPath,
      NO_COLOR: '1',
    },
    workFolder: async (name) => {
      const folder = join(fleet.dir, name);
      await mkdir(join(folder, 'site'), { recursive: true });
      for (const [file, text] of Object.entries(FILES)) await writeFile(join(folder, file), text);
      await writeFile(join(folder, 'site', 'index.html'), '<p>hello\n');
      await chmod(join(folder, 'check.sh'), 0o755);
      return folder;
    },
  };
}
