import { show } from '../../core/show.js';
import type { Stage } from './marked.js';

/** What is known of a sudo that has ended without starting anything. */
export interface Refused {
  /** What sudo said. */
  readonly words: string;
  /** The host began with it at all. */
  readonly begun: boolean;
  /** It has no sudo. */
  readonly missing: boolean;
  /** It was told the password. */
  readonly answered: boolean;
  /** Who logs in, and as whom sudo is to run. */
  readonly login: string;
  readonly user: string | null;
}

export interface Refusal {
  readonly reason: string;
  /** The password was accepted, whatever else was wrong. */
  readonly proven: boolean;
}

/**
 * Why sudo did not start the command, and what mends it: guessed from its words, which are English (LC_ALL=C), of sudo 1.8,
 * 1.9 and sudo-rs.
 */
export function refusalOf({ words, begun, missing, answered, login, user }: Refused): Refusal {
  const said = (reason: string, proven = false): Refusal => ({ reason, proven });
  const who = login === '' ? 'the login' : login;
  if (!begun)
    return said('the host did not come as far as sudo: is there a forced command or another shell?');
  if (missing) return said('the host has no sudo; install it, or log in as the user that is needed');
  if (/must have a tty/.test(words)) return said('sudo there wants a terminal (requiretty); add --tty');
  if (/not in the sudoers|is not allowed to|may not run sudo|afraid I can't do that/.test(words)) {
    const rule = `${who} ALL=(${user ?? 'root'}) ALL`;
    return said(
      `sudo does not let ${who} run a shell as ${user ?? 'root'}; a rule has to: ${rule}`,
      answered,
    );
  }
  if (/unknown (user|uid)|user .* not found/i.test(words))
    return said(`sudo: there is no user ${show(user ?? 'root')} on the host`, answered);
  if (answered && /try again|incorrect|no password was provided|attempt/i.test(words))
    return said('the sudo password was not accepted');
  if (/password is required|authentication is required|terminal is required/.test(words))
    return said(
      `sudo asks for a password; add --ask-sudo-pass or --sudo-pass-file, or a NOPASSWD rule for ${who}`,
    );
  const last = lastOf(words);
  return said(last === null ? 'sudo ended without a word' : `sudo said ${show(last)}`);
}

const SLOW: Readonly<Record<Stage, string>> = {
  login: 'the host did not come as far as sudo',
  sudo: 'sudo did not start the command',
  shell: 'the shell that sudo started did not answer',
};

/** Why a sudo that goes on is given up: it may ask something that is not its own prompt. */
export function slowReason(seconds: number, words: string, stage: Stage): string {
  const last = lastOf(words);
  const slow = `${SLOW[stage]} within ${seconds}s`;
  return last === null ? slow : `${slow}; it said ${show(last)}`;
}

function lastOf(words: string): string | null {
  const lines = words.split('\n').map((line) => line.trim());
  return lines.findLast((line) => line !== '') ?? null;
}
