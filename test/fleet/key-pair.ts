import { generateKeyPair, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';

export interface KeyPair {
  /** The private key as OpenSSH writes it (openssh-portable/PROTOCOL.key). */
  readonly privateKey: string;
  /** `ssh-ed25519 AAAA…`, without a comment. */
  readonly publicKey: string;
}

const generate = promisify(generateKeyPair);
const TYPE = 'ssh-ed25519';

/** RFC 4251 section 5: uint32 length, bytes. */
function field(bytes: Buffer | string): Buffer {
  const data = Buffer.from(bytes as Buffer);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  return Buffer.concat([length, data]);
}

/**
 * A fresh ed25519 pair. Written here because a fleet of fifty needs fifty at once and a process for each takes longer,
 * and because the generator of ssh2 1.17 drops leading zero bytes: one key in 700 could not be read.
 */
export async function makeKeyPair(comment: string): Promise<KeyPair> {
  const { privateKey, publicKey } = await generate('ed25519');
  const seed = Buffer.from(privateKey.export({ format: 'jwk' }).d ?? '', 'base64url');
  const point = Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url');
  const publicBlob = Buffer.concat([field(TYPE), field(point)]);

  // uint32 checkint twice, string keytype, string public, string private, string comment, padding 1 2 3…
  const check = randomBytes(4);
  const secret = Buffer.concat([
    check,
    check,
    field(TYPE),
    field(point),
    field(Buffer.concat([seed, point])),
    field(comment),
  ]);
  const padding = Buffer.from(Array.from({ length: (8 - (secret.length % 8)) % 8 }, (_, i) => i + 1));

  // "openssh-key-v1\0", string ciphername, string kdfname, string kdfoptions, uint32 number of keys,
  // string public key, string private section
  const one = Buffer.from([0, 0, 0, 1]);
  const blob = Buffer.concat([
    Buffer.from('openssh-key-v1\0'),
    field('none'),
    field('none'),
    field(''),
    one,
    field(publicBlob),
    field(Buffer.concat([secret, padding])),
  ]);
  const lines = blob.toString('base64').match(/.{1,70}/g) ?? [];
  return {
    privateKey: `-----BEGIN OPENSSH PRIVATE KEY-----\n${lines.join('\n')}\n-----END OPENSSH PRIVATE KEY-----\n`,
    publicKey: `${TYPE} ${publicBlob.toString('base64')}`,
  };
}
