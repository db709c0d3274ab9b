/** Compiled, never run: each expected error is one as long as a result's status tells its other fields. */
import {
  Cluster,
  type ClusterResult,
  type ClusterTransfer,
  type CommandEvent,
  type CommandResult,
  type Duration,
  Machine,
  type RemoteProcess,
  type Status,
  type TransferEvent,
  type TransferResult,
} from '../../src/index.js';

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const same = <A, B>(_is: Same<A, B>): void => undefined;

/** A table that misses a status, or has one too many, is an error. */
export function told(result: CommandResult): string {
  same<CommandResult['status'], Status>(true);
  switch (result.status) {
    case 'ok':
      same<typeof result.exitCode, 0>(true);
      same<typeof result.error, null>(true);
      return 'ok';
    case 'failed':
      // Null: sudo did not start it.
      same<typeof result.exitCode, number | null>(true);
      if (result.exitCode === null) return result.error.message;
      same<typeof result.signal, null>(true);
      return `${result.exitCode}`;
    case 'signaled':
      same<typeof result.exitCode, null>(true);
      same<typeof result.signal, string | null>(true);
      return result.signal ?? 'a signal';
    case 'unreachable':
    case 'auth-failed':
    case 'host-key-failed':
    case 'disconnected':
      same<typeof result.exitCode, null>(true);
      return `${result.error.code}: ${result.error.message}`;
    case 'timed-out':
      same<typeof result.exitCode, null>(true);
      // @ts-expect-error it may have been connected
      return result.error.message;
    case 'canceled':
      same<typeof result.error, null>(true);
      return result.status;
    case 'skipped':
      same<typeof result.exitCode, null>(true);
      // @ts-expect-error most have no reason of their own
      return result.error.message;
    default:
      return result satisfies never;
  }
}

/** The same of transfers, which no signal ends and whose success has no exit status. */
export function moved(result: TransferResult): string {
  same<TransferResult['status'], Exclude<Status, 'signaled'>>(true);
  same<TransferResult['exitCode'], null>(true);
  switch (result.status) {
    case 'ok':
      same<typeof result.error, null>(true);
      return result.files.map(({ dest, changed }) => `${dest} ${changed}`).join();
    case 'failed':
    case 'unreachable':
    case 'auth-failed':
    case 'host-key-failed':
    case 'disconnected':
      return `${result.error.code}: ${result.error.message}`;
    case 'timed-out':
      // @ts-expect-error it may have been connected
      return result.error.message;
    case 'canceled':
    case 'skipped':
      same<typeof result.error, null>(true);
      return result.status;
    default:
      return result satisfies never;
  }
}

export async function files(machine: Machine, cluster: Cluster): Promise<void> {
  const sent = machine.put('a');
  const got = machine.get(['a', 'b'], 'folder', { verify: true });
  same<typeof sent, Promise<TransferResult>>(true);
  same<typeof got, Promise<TransferResult>>(true);
  void machine.put('a', { recursive: true, timeout: '1m', limitRate: 1e6, via: 'tar' });
  void machine.get('a', { ignoreMissing: true });
  const all = cluster.put([({ host }) => `conf.${host}`, 'b'], ({ label }) => `/etc/${label}`);
  same<typeof all, Promise<ClusterTransfer>>(true);
  const { failed } = await cluster.get('a', 'logs', { flat: true });
  // @ts-expect-error what has failed is not ok
  if (failed[0]?.status === 'ok') throw new Error();
  await machine.put('a', 'b', {
    onEvent: (event) => {
      same<typeof event, TransferEvent>(true);
      // @ts-expect-error files have no output
      if (event.type === 'output') throw new Error();
      if (event.type === 'finished') same<typeof event.result, TransferResult>(true);
    },
  });
  // @ts-expect-error one machine's files need no names of hosts
  void machine.get('a', { flat: true });
  // @ts-expect-error there is nothing to ignore
  void machine.put('a', { ignoreMissing: true });
  // @ts-expect-error files have no stdin
  void machine.put('a', { stdin: 'x' });
  // @ts-expect-error only a cluster has machines to tell apart
  void machine.put(() => 'a');
  // @ts-expect-error a transfer has no output
  void (await sent).stdout;
  // @ts-expect-error a command has no files
  void (await machine.execute('true')).files;
}

export async function results(machine: Machine, cluster: Cluster): Promise<void> {
  const one = machine.execute('true');
  const several = machine.execute(['true', 'false']);
  same<typeof one, Promise<CommandResult>>(true);
  same<typeof several, Promise<CommandResult[]>>(true);
  const tagged = machine.$`ls ${'a'} ${['b', 1]}`;
  const optioned = machine.$({ timeout: '1s' })`ls`;
  same<typeof tagged, Promise<CommandResult>>(true);
  same<typeof optioned, Promise<CommandResult>>(true);
  same<Awaited<ReturnType<typeof cluster.execute>>, ClusterResult>(true);
  same<Awaited<ReturnType<typeof machine.spawn>>, RemoteProcess>(true);
  const { failed } = await cluster.execute('true');
  // @ts-expect-error what has failed is not ok
  if (failed[0]?.status === 'ok') throw new Error();
  // @ts-expect-error a result is read only
  (await one).exitCode = 0;
  for await (const event of cluster.stream('true')) {
    same<typeof event, CommandEvent>(true);
    // @ts-expect-error not every event has output
    event.data;
    if (event.type === 'output') same<typeof event.data, Uint8Array>(true);
    if (event.type === 'finished' && event.result.status === 'ok')
      same<typeof event.result.exitCode, 0>(true);
  }
}

export function misuse(machine: Machine): void {
  const good: readonly Duration[] = ['10s', '1.5m', '1m30s', '250ms'];
  void new Machine({ host: 'web1', user: 'deploy' }, { timeout: good[0] ?? '1s' });
  void new Cluster(['web1', machine, { host: 'web2' }], { fanout: 4 });
  // @ts-expect-error a number says no unit
  void machine.execute('true', { timeout: 10 });
  // @ts-expect-error so does a bare number in a text
  void machine.execute('true', { timeout: '10' });
  void new Machine('web1', { password: 'x', passphrase: () => 'y' });
  void new Cluster('web[1-2]', { password: async () => 'x' });
  // @ts-expect-error a secret is a text
  void new Machine('web1', { password: 1 });
  // @ts-expect-error no object can stand in a command
  void machine.$`ls ${{}}`;
  // @ts-expect-error a signal is for one command, not for all
  void new Machine('web1', { signal: AbortSignal.timeout(1) });
}
