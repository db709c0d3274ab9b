// A million tasks on paper: everything but the hosts is real. Prints what became of them and the most memory taken.
import { EventEmitter } from 'node:events';
import { writeSync } from 'node:fs';
import { Readable } from 'node:stream';
import { CONNECTION_DEFAULTS } from '../../../../src/core/options.js';
import type { Lease, Master, MasterPool } from '../../../../src/master/pool.js';
import type { MapOptions } from '../../../../src/run/map/options.js';
import { runMap } from '../../../../src/run/map/run-map.js';
import { taskBatches } from '../../../../src/run/map/task-source.js';
import { SpillStore } from '../../../../src/run/spill-store.js';
import { MapJsonSink } from '../../../../src/sinks/map/documents.js';
import { MapSummarySink } from '../../../../src/sinks/map/map-summary.js';
import { Writer } from '../../../../src/sinks/writer.js';
import type { Channel, Connection, Transport } from '../../../../src/transport/transport.js';
import { Memory, makeTarget } from '../../make.js';

const TASKS = Number(process.argv[2]);
const HOSTS = 20;

/** Output that says a few bytes and ends. */
class Said extends EventEmitter {
  constructor(text: string) {
    super();
    setImmediate(() => {
      if (text !== '') this.emit('data', Buffer.from(text));
      this.emit('close');
    });
  }
  pause(): void {}
  resume(): void {}
  destroy(): void {}
}

const ended = Promise.resolve({ status: 0 });
let begun = 0;
const connection: Connection = {
  kind: 'mux',
  mostSessions: 8,
  open: async () => {
    begun += 1;
    const channel = {
      stdin: null,
      stdout: new Said('done\n'),
      stderr: new Said(''),
      exited: ended,
      close: () => undefined,
    };
    return channel as unknown as Channel;
  },
  close: async () => undefined,
};
const transport: Transport = { kind: 'mux', connect: async () => connection };
const master: Master = {
  target: makeTarget(),
  connection: CONNECTION_DEFAULTS,
  ...{ controlPath: '', pid: null, address: null, session: null, sessionCap: null, users: false },
};
const lease: Lease = {
  master,
  reused: true,
  attempts: 0,
  retire: () => undefined,
  release: async () => undefined,
};
const pool = { connection: CONNECTION_DEFAULTS, acquire: async () => lease } as unknown as MasterPool;

/** Lines as they come over a pipe, made when they are read. */
function lines(): Readable {
  let next = 1;
  return new Readable({
    read() {
      let text = '';
      for (; next <= TASKS && text.length < 64 * 1024; next += 1) text += `line ${next}\n`;
      this.push(text === '' ? null : Buffer.from(text));
    },
  });
}

class Nowhere extends Memory {
  bytesSeen = 0;
  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    this.bytesSeen += chunk.length;
    done();
  }
}

const out = new Nowhere();
const err = new Nowhere();
const options: MapOptions = {
  ...{
    fanout: 32,
    timeoutMs: null,
    deadlineMs: null,
    killGraceMs: 5000,
    onDisconnect: 'kill',
    drainMs: 5000,
  },
  ...{ slots: 2, retries: 0, maxHostFailures: null, maxOutput: 65_536, lines: false, capture: true },
  ...{ keepOrder: process.argv[3] === 'ordered', env: {}, workdir: null, puts: [], gets: [], to: '.' },
};
const stdout = new Writer(out, () => undefined);
const summary = await runMap({
  targets: Array.from({ length: HOSTS }, (_, index) => makeTarget(`host${index}`, { index })),
  ...{ command: 'echo', values: 1, ends: true, pool, transport, options },
  batches: taskBatches({
    command: 'echo',
    sources: [{ kind: 'lines', name: 'lines', open: lines, end: '\n' }],
  }),
  records: [],
  views: [
    new MapJsonSink({ stdout, terminal: false, startedAt: new Date(), command: 'echo' }),
    new MapSummarySink({
      ...{ stderr: new Writer(err, () => undefined), quiet: false, verbose: false, color: false },
      limits: options,
    }),
  ],
  store: new SpillStore({ onFailure: () => undefined }),
  ...{ signal: new AbortController().signal, known: () => 0, exitCodeOf: (code) => code },
  onSinkError: (error) => {
    throw error;
  },
  onInputFault: (error) => {
    throw error;
  },
});
const peakMb = process.resourceUsage().maxRSS / 1024;
const told = { begun, total: summary.total, ok: summary.counts.ok, bytes: out.bytesSeen, peakMb };
writeSync(1, JSON.stringify(told));
