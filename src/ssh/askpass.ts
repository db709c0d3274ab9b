import { accessSync, constants } from 'node:fs';
import { chmod, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { PsshError, usageError } from '../core/errors.js';
import { type Secrets, secretFault } from '../core/secrets.js';
import { show } from '../core/show.js';
import type { Target } from '../core/target.js';
import { type Prompt, questionOf } from './askpass-prompt.js';
import { askpassScript, LOGIN_VARIABLE, SOCKET_VARIABLE } from './askpass-script.js';
import type { Diagnosis } from './diagnose.js';
import { PasswordProof, type ProofOutcome, type Turn } from './password-proof.js';
import type { LoginConfig } from './resolve-alike.js';
import { runSsh } from './spawn.js';

const VERSION_TIMEOUT_MS = 10_000;
const LONGEST_QUESTION = 64 * 1024;
// SSH_ASKPASS_REQUIRE came with 8.4, what tells a server's prompts from ssh's own with 8.5.
const OLDEST = 804;
const TELLS_PROMPTS_APART = 805;

/** Where the socket and the program lie: in a folder that is this user's alone. */
export interface AskpassFiles {
  readonly socket: string;
  readonly program: string;
}

/** What a login by ssh needs so that its questions come to us. */
export interface Asking {
  /** Instead of `BatchMode=yes`. */
  readonly options: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

export interface AskingLogin {
  readonly target: Target;
  readonly resolved: Pick<LoginConfig, 'user' | 'hostname' | 'values'>;
  /** A jump host's; its password may be right where the targets' is not. */
  readonly isJump: boolean;
}

/**
 * Answers the questions of the ssh that we start, over a socket in our private folder: a secret is in no argument, no
 * environment, no file. Only a question for the password of the very login, or the passphrase of a key, is answered.
 */
export class Askpass {
  private readonly logins = new Map<string, LoginQuestions>();
  private readonly proofs = new Map<string, PasswordProof>();
  private readonly sockets = new Set<Socket>();
  private count = 0;

  private constructor(
    private readonly files: AskpassFiles,
    private readonly secrets: Secrets,
    private readonly version: number,
    private readonly server: Server,
  ) {
    server.on('connection', (socket) => this.serve(socket));
    server.unref();
  }

  /** @throws PsshError ERR_USAGE where this ssh can't be asked this way; ERR_MASTER */
  static async open(files: AskpassFiles, secrets: Secrets): Promise<Askpass> {
    const { stderr } = await runSsh(['-V'], VERSION_TIMEOUT_MS);
    const [, major = 0, minor = 0] = /OpenSSH_(\d+)\.(\d+)/.exec(stderr) ?? [];
    const version = Number(major) * 100 + Number(minor);
    if (version < OLDEST)
      throw usageError(
        `passwords and passphrases need OpenSSH 8.4 or later here (ssh -V says ${show(stderr.trim())}); pssh-ts masters open lets ssh ask on the terminal`,
      );
    const server = createServer();
    try {
      await writeFile(files.program, askpassScript(process.execPath), { mode: 0o700 });
      await chmod(files.program, 0o700);
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(files.socket, resolve);
      });
      await chmod(files.socket, 0o600);
      // Where nothing may be run, ssh would send an empty password.
      accessSync(files.program, constants.X_OK);
    } catch (cause) {
      server.close();
      await rm(files.program, { force: true });
      const { message } = cause as Error;
      throw new PsshError('ERR_MASTER', `ssh could not ask us for the password: ${message}`, { cause });
    }
    return new Askpass(files, secrets, version, server);
  }

  /** Has the secrets at hand, so that nobody's typing counts as connecting. @throws what they throw; ERR_USAGE */
  async prepare(): Promise<void> {
    for (const name of ['password', 'passphrase'] as const) {
      const secret = await this.secrets[name]?.();
      const fault = secret === undefined ? null : secretFault(secret);
      if (fault !== null) throw usageError(`the ${name} can't be used: ${fault}`);
    }
  }

  /** Those of one login; to be settled when that has ended. */
  questionsOf(login: AskingLogin): LoginQuestions {
    this.count += 1;
    const id = String(this.count);
    const key = JSON.stringify([login.resolved.user, login.isJump]);
    const proof = this.proofs.get(key) ?? new PasswordProof();
    this.proofs.set(key, proof);
    const env = {
      SSH_ASKPASS: this.files.program,
      SSH_ASKPASS_REQUIRE: 'force',
      [SOCKET_VARIABLE]: this.files.socket,
      [LOGIN_VARIABLE]: id,
    };
    const asking = { options: this.options(), env };
    const questions = new LoginQuestions(login, asking, this.secrets, proof, () => this.logins.delete(id));
    this.logins.set(id, questions);
    return questions;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
    await Promise.all(Object.values(this.files).map((file) => rm(file, { force: true })));
  }

  private options(): string[] {
    const noServer = this.secrets.password === undefined;
    return [
      'BatchMode=no',
      'NumberOfPasswordPrompts=1',
      ...(noServer ? ['PasswordAuthentication=no'] : []),
      ...(noServer || this.version < TELLS_PROMPTS_APART ? ['KbdInteractiveAuthentication=no'] : []),
    ];
  }

  private serve(socket: Socket): void {
    this.sockets.add(socket);
    let text = '';
    socket.setEncoding('utf8');
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.sockets.delete(socket));
    socket.on('data', (piece: string) => {
      const whole = text.includes('\n');
      text += piece;
      if (text.length > LONGEST_QUESTION) socket.destroy();
      if (whole || !text.includes('\n')) return;
      const question = parseQuestion(text);
      const login = question === null ? undefined : this.logins.get(question.login);
      if (question === null || login === undefined) socket.destroy();
      else login.answer(question, (reply) => (reply === null ? socket.destroy() : socket.end(reply)));
    });
  }
}

/** The questions of one login by ssh. */
export class LoginQuestions {
  private fault: Diagnosis | null = null;
  /** The password was told. */
  private given = false;
  /** The passphrase was. */
  private opened = false;

  constructor(
    private readonly login: AskingLogin,
    readonly asking: Asking,
    private readonly secrets: Secrets,
    private readonly proof: PasswordProof,
    private readonly onSettled: () => void,
  ) {}

  /** What a login waits for whose time is over: it was not its turn yet to be told the password. */
  get waitsFor(): string | null {
    return this.proof.isWaiting(this) ? 'another host was still being tried with the password' : null;
  }

  /** @param reply takes the text for the askpass program; null: the ssh that asks is ended */
  answer(prompt: Prompt, reply: (text: string | null) => void): void {
    const { resolved } = this.login;
    const alias = resolved.values.get('hostkeyalias') ?? [];
    const { hostname } = resolved;
    // Null: as ssh says; no question names nobody.
    const user = resolved.user ?? '';
    const tell = (secret: (() => Promise<string>) | undefined): void => {
      if (secret === undefined) reply('{}\n');
      else
        secret().then(
          (answer) => reply(`${JSON.stringify({ answer })}\n`),
          () => reply(null),
        );
    };
    const question = questionOf(prompt, { user, hosts: [hostname, ...alias] });
    if (question === 'notice') tell(async () => '');
    else if (question === 'confirm') tell(undefined);
    else if (question === 'passphrase') {
      this.opened = this.secrets.passphrase !== undefined;
      tell(this.secrets.passphrase);
    } else if (question === 'password') this.answerPassword(tell, reply);
    else {
      const what = `it asks ${show(prompt.text)}, which pssh-ts does not answer`;
      this.refuse(`${what}; log in with pssh-ts masters open`);
      reply(null);
    }
  }

  /** What the login came to, in the light of what was asked. */
  judge(diagnosis: Diagnosis): Diagnosis {
    if (this.fault !== null) return this.fault;
    const { reason } = diagnosis;
    if (!this.given) {
      if (!this.opened || diagnosis.status !== 'auth-failed') return diagnosis;
      return { ...diagnosis, reason: `${reason} The passphrase of its key may be wrong` };
    }
    if (diagnosis.status === 'auth-failed')
      return { ...diagnosis, reason: `the password was not accepted: ${reason}` };
    // Another try might be one more with a wrong password.
    return { ...diagnosis, retry: diagnosis.retry && this.proof.isRight };
  }

  /** The login has ended. */
  settle(outcome: ProofOutcome): void {
    this.proof.settle(this, outcome);
    this.onSettled();
  }

  private answerPassword(
    tell: (secret: (() => Promise<string>) | undefined) => void,
    reply: (text: string | null) => void,
  ): void {
    if (this.given) {
      // By another method, after the first was refused.
      this.refuse('the password was not accepted');
      reply(null);
      return;
    }
    this.proof.ask(this, this.login.target.label, (turn: Turn) => {
      if (turn.kind === 'answer') {
        this.given = true;
        tell(this.secrets.password);
        return;
      }
      const reason = `not tried: the password was not accepted by ${turn.triedAt}`;
      this.fault = { status: 'skipped', code: 'ERR_AUTH', reason, retry: false };
      reply(null);
    });
  }

  private refuse(reason: string): void {
    this.fault ??= { status: 'auth-failed', code: 'ERR_AUTH', reason, retry: false };
  }
}

function parseQuestion(text: string): (Prompt & { readonly login: string }) | null {
  try {
    const question = JSON.parse(text) as Record<string, unknown>;
    const { login, text: words, kind } = question;
    if (typeof login !== 'string' || typeof words !== 'string' || typeof kind !== 'string') return null;
    return { login, text: words, kind };
  } catch {
    return null;
  }
}
