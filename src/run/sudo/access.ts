import type { Sudo } from '../../core/sudo.js';
import { PasswordProof } from '../../ssh/password-proof.js';

/** The sudo of one run: as whom, with which password, and whether that is known to be right. */
export class SudoAccess {
  readonly user: string | null;
  readonly password: (() => Promise<string>) | null;
  private readonly proofs = new Map<string, PasswordProof>();

  constructor({ user, password }: Sudo) {
    this.user = user ?? null;
    this.password = password ?? null;
  }

  /** @param login whose password sudo asks for */
  proofFor(login: string): PasswordProof {
    const known = this.proofs.get(login);
    if (known !== undefined) return known;
    const proof = new PasswordProof();
    this.proofs.set(login, proof);
    return proof;
  }
}
