/** What ssh wants to know, as far as its words tell. */
export type Question =
  | 'password'
  | 'passphrase'
  /** A yes or no: of ssh itself, about a host key or the agent. */
  | 'confirm'
  /** It only tells something: that a security key waits to be touched. */
  | 'notice'
  | 'unknown';

export interface AskedBy {
  readonly user: string;
  /** The names that ssh may call the host by: HostName, HostKeyAlias. */
  readonly hosts: readonly string[];
}

export interface Prompt {
  readonly text: string;
  /** What ssh says of the kind of answer, SSH_ASKPASS_PROMPT; empty: a text. */
  readonly kind: string;
}

/**
 * What is asked, judged strictly: an answer must never go to a question that only resembles the right one. A server
 * words the prompts of keyboard-interactive, and OpenSSH (from 8.5 on) puts `(user@host) ` before them, so that they
 * can't pass for ssh's own.
 */
export function questionOf({ text, kind }: Prompt, { user, hosts }: AskedBy): Question {
  if (kind === 'none') return 'notice';
  if (kind === 'confirm') return 'confirm';
  if (/^Enter passphrase for key '[^\n]*': $/.test(text)) return 'passphrase';
  for (const host of hosts) {
    // Cut as ssh cuts them.
    const own = `${user.slice(0, 30)}@${host.slice(0, 128)}'s password: `;
    if (text.toLowerCase() === own.toLowerCase()) return 'password';
    const before = `(${user}@${host}) `;
    if (!text.toLowerCase().startsWith(before.toLowerCase())) continue;
    // PAM's own word, and what BSDs make of it.
    const asked = text.slice(before.length).toLowerCase();
    const known = ['password:', `password for ${user}:`, `password for ${user}@${host}:`];
    if (known.includes(asked.trim().replace(/\s+:$/, ':'))) return 'password';
  }
  // Behind a bracket stand a server's words.
  if (!text.startsWith('(') && /\(yes\/no(\/\[fingerprint\])?\)\??:? ?$|^Please type 'yes'/.test(text))
    return 'confirm';
  return 'unknown';
}
