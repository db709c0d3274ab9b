import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { parse } from 'yaml';
import { listProcesses } from '../fleet/processes.js';
import { until } from '../fleet/until.js';
import { type CliResult, runProgram } from './cli.js';
import { type DocsFleet, startDocsFleet } from './docs-fleet.js';

const EXAMPLES = fileURLToPath(new URL('../../examples', import.meta.url));

let scene: DocsFleet;
let work: string;
let secrets: Readonly<Record<'SSH_KEY' | 'SSH_KNOWN_HOSTS', string>>;
let env: NodeJS.ProcessEnv;
beforeAll(async () => {
  scene = await startDocsFleet();
  const { dir, hosts, configPath } = scene.fleet;
  // A runner's ssh_config knows where the hosts are, and neither a key nor a host key.
  const lines = (await readFile(configPath, 'utf8')).split('\n');
  const bare = join(dir, 'runner_config');
  await writeFile(bare, lines.filter((line) => /^Host |HostName|Port|User /.test(line)).join('\n'));
  const knownHosts = /UserKnownHostsFile (\S+)/.exec(lines.join('\n'))?.[1] ?? '';
  secrets = {
    SSH_KEY: await readFile(join(dir, 'id_ed25519'), 'utf8'),
    SSH_KNOWN_HOSTS: await readFile(knownHosts, 'utf8'),
  };
  expect(hosts.length).toBeGreaterThan(3);
  env = { ...scene.env, PSSH_TS_SSH_CONFIG: bare, CI: 'true' };
});
afterAll(() => scene.fleet.stop());
beforeEach(async ({ task }) => {
  work = await scene.workFolder(task.name.replace(/\W/g, '-'));
});

/** Of these variables the agent of a job is told apart from others on this machine. */
async function agents(): Promise<number> {
  const { stdout } = await runProgram('sh', ['-c', `ls -d "$TMPDIR"/ssh-* 2>/dev/null | wc -l`], { env });
  return Number(stdout.toString());
}

async function job(script: string, more: NodeJS.ProcessEnv): Promise<CliResult> {
  const result = await runProgram('bash', ['-eo', 'pipefail', '-c', script], {
    env: { ...env, ...more },
    cwd: work,
  });
  await until(async () => (await agents()) === 0, { deadlineMs: 30_000, what: "the end of the job's agent" });
  const left = await readdir(join(scene.fleet.dir, 'run', 'pssh-ts'));
  // Compiled code, and when it was last tidied up: no connection.
  expect(left.filter((name) => !name.startsWith('code.') && name !== 'swept')).toEqual([]);
  return result;
}

/** The step of the workflow that uses pssh-ts, by what it is given. */
async function githubStep(): Promise<string> {
  const { jobs } = parse(await readFile(join(EXAMPLES, 'github-actions.yml'), 'utf8')) as {
    jobs: { deploy: { steps: { run?: string; env?: Record<string, string> }[] } };
  };
  const step = jobs.deploy.steps.find(({ run }) => run?.includes('pssh-ts --') === true);
  // The key is a secret, the host keys are none.
  expect(Object.keys(step?.env ?? {})).toEqual(['SSH_KEY', 'SSH_KNOWN_HOSTS']);
  expect(step?.env?.SSH_KEY).toContain('{ secrets.SSH_KEY }');
  expect(step?.env?.SSH_KNOWN_HOSTS).toContain('{ vars.SSH_KNOWN_HOSTS }');
  return step?.run ?? '';
}

async function gitlabScript(): Promise<string> {
  const { deploy } = parse(await readFile(join(EXAMPLES, 'gitlab-ci.yml'), 'utf8')) as {
    deploy: { script: string[]; before_script: string[] };
  };
  expect(deploy.before_script).toEqual(['npm install --global pssh-ts']);
  return deploy.script.join('\n');
}

/** GitLab hands variables of the type File over as paths. */
async function asFiles(values: Readonly<Record<string, string>>): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  for (const [name, text] of Object.entries(values)) {
    files[name] = join(scene.fleet.dir, name);
    await writeFile(files[name], text, { mode: 0o600 });
  }
  return files;
}

test('the GitHub workflow runs on both hosts, and nothing of it is left', async () => {
  const ran = await job(await githubStep(), { ...secrets, GITHUB_ACTIONS: 'true' });
  expect([ran.code, ran.code === 0 ? '' : ran.err]).toEqual([0, '']);
  expect(await readFile(join(work, 'report.xml'), 'utf8')).toMatch(/tests="2" failures="0" errors="0"/);
  expect((await listProcesses()).filter(({ args }) => args.includes(secrets.SSH_KEY.slice(40, 80)))).toEqual(
    [],
  );
});

test('a key with the line ends of Windows will do', async () => {
  const ran = await job(await githubStep(), {
    ...secrets,
    SSH_KEY: secrets.SSH_KEY.replaceAll('\n', '\r\n'),
  });
  expect([ran.code, ran.code === 0 ? '' : ran.err]).toEqual([0, '']);
});

test('without its host key a host is refused, and nothing is run there', async () => {
  const ran = await job(await githubStep(), { ...secrets, SSH_KNOWN_HOSTS: '# none' });
  expect(ran.code).toBe(4);
  expect(ran.out).not.toMatch(/^web1: /m);
  expect(ran.err).toContain('host-key-failed');
});

test('the GitLab job runs on both hosts, in a section each', async () => {
  const ran = await job(await gitlabScript(), { ...(await asFiles(secrets)), GITLAB_CI: 'true' });
  expect([ran.code, ran.code === 0 ? '' : ran.err]).toEqual([0, '']);
  expect(ran.out.match(/section_start:/g)).toHaveLength(2);
  expect(await readFile(join(work, 'report.xml'), 'utf8')).toMatch(/tests="2" failures="0" errors="0"/);
});
