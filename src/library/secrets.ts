import { usageError } from '../core/errors.js';
import { once, type Secrets, secretFault, secretsOf } from '../core/secrets.js';

/** A secret, or what gives it when it is first needed: from a vault, a question to somebody. */
export type SecretOption = string | (() => string | Promise<string>);

/** @throws PsshError ERR_USAGE without a word of the secret */
export function resolveSecrets(options: {
  readonly password?: SecretOption;
  readonly passphrase?: SecretOption;
}): { readonly secrets?: Secrets } {
  const password = secretOf('password', options.password);
  const passphrase = secretOf('passphrase', options.passphrase);
  return secretsOf(password, passphrase);
}

export function secretOf(
  name: 'password' | 'passphrase' | 'sudoPassword',
  option: SecretOption | undefined,
): (() => Promise<string>) | undefined {
  if (option === undefined) return undefined;
  if (typeof option === 'string') {
    checkSecret(name, option);
    return async () => option;
  }
  if (typeof option !== 'function') throw usageError(`${name}: give a text, or a function that gives one`);
  return once(async () => {
    const secret = await option();
    checkSecret(name, secret);
    return secret;
  });
}

function checkSecret(name: string, secret: unknown): asserts secret is string {
  if (typeof secret !== 'string') throw usageError(`${name}: it is no text`);
  const fault = secretFault(secret);
  if (fault !== null) throw usageError(`${name}: ${fault}`);
}
