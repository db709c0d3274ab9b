import { type Command, Option } from 'commander';
import { usageError } from '../core/errors.js';
import type { ConnectionOptions } from '../core/options.js';
import { once, type Secrets, secretFault, secretsOf } from '../core/secrets.js';
import { askTerminal } from './ask-terminal.js';
import { checkSecretFile, readSecretFile } from './secret-file.js';

/** As commander gives them. */
export interface SecretOptions {
  readonly askPass?: boolean;
  readonly passFile?: string;
  readonly askPassphrase?: boolean;
  readonly passphraseFile?: string;
}

export function addSecretOptions(command: Command): void {
  const options: readonly Option[] = [
    new Option('--ask-pass', 'ask once, on the terminal, for the password of logins that want one'),
    new Option('--pass-file <file>', 'that password from the first line of a private file, or fd:3'),
    new Option('--ask-passphrase', 'ask once for the passphrase of private keys; no server is told it'),
    new Option('--passphrase-file <file>', 'that passphrase from the first line of a private file, or fd:3'),
  ];
  for (const option of options) command.addOption(option.helpGroup('Connection:'));
}

/** The secrets that the options name, read when they are first needed. @throws PsshError ERR_USAGE */
export function resolveSecrets(options: SecretOptions): { readonly secrets?: Secrets } {
  const { askPass, passFile, askPassphrase, passphraseFile } = options;
  const password = secretOf('--ask-pass', askPass, '--pass-file', passFile, 'Password: ');
  const passphrase = secretOf(
    '--ask-passphrase',
    askPassphrase,
    '--passphrase-file',
    passphraseFile,
    'Passphrase of the key: ',
  );
  return secretsOf(password, passphrase);
}

/** Asks and reads what is wanted, before anything is connected and while the terminal is ours alone. */
export async function readSecrets({ secrets }: ConnectionOptions): Promise<void> {
  await secrets?.password?.();
  await secrets?.passphrase?.();
}

/** A secret that is typed or in a file, read when it is first needed. Undefined: neither is asked for. @throws PsshError ERR_USAGE */
export function secretOf(
  askOption: string,
  ask: boolean | undefined,
  fileOption: string,
  file: string | undefined,
  question: string,
): (() => Promise<string>) | undefined {
  if (file !== undefined) {
    if (ask === true) throw usageError(`${askOption} and ${fileOption} exclude each other; leave one out`);
    checkSecretFile(fileOption, file);
    return once(async () => readSecretFile(fileOption, file));
  }
  if (ask !== true) return undefined;
  return once(async () => {
    const typed = await askTerminal(question, askOption, fileOption);
    const fault = secretFault(typed);
    if (fault !== null) throw usageError(`${askOption}: what was typed can't be used: ${fault}`);
    return typed;
  });
}
