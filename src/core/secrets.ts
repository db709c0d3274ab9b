/**
 * What logins may be asked for. Functions, so that nothing which prints, copies or keeps options ever holds the secret
 * itself; each is called when it is needed, and gives the same answer however often.
 */
export interface Secrets {
  /** The password of the accounts that are logged in to. */
  readonly password?: () => Promise<string>;
  /** The passphrase of the private keys. */
  readonly passphrase?: () => Promise<string>;
}

/** Those that there are; none: the options have no such entry. */
export function secretsOf(
  password: Secrets['password'] | undefined,
  passphrase: Secrets['passphrase'] | undefined,
): { readonly secrets?: Secrets } {
  if (password === undefined && passphrase === undefined) return {};
  return {
    secrets: {
      ...(password === undefined ? {} : { password }),
      ...(passphrase === undefined ? {} : { passphrase }),
    },
  };
}

// ssh reads an answer into 1024 bytes and drops the rest without a word.
const LONGEST_BYTES = 1000;

/** Why a text can't be handed to ssh as an answer, without the text; null: it can. */
export function secretFault(secret: string): string | null {
  if (secret === '') return 'it is empty';
  if (/[\u0000\r\n]/.test(secret)) return 'it holds a line break or NUL, which ssh would cut';
  if (new TextEncoder().encode(secret).length > LONGEST_BYTES)
    return `it is longer than ${LONGEST_BYTES} bytes, which ssh would cut`;
  return null;
}

/** Asks once; who asks later gets the same answer. One that fails is asked again. */
export function once(read: () => Promise<string>): () => Promise<string> {
  let answer: Promise<string> | null = null;
  return () => {
    if (answer === null) {
      const asked = read();
      asked.catch(() => {
        if (answer === asked) answer = null;
      });
      answer = asked;
    }
    return answer;
  };
}
