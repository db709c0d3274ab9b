import { BASH_SCRIPT } from './bash.js';
import { FISH_SCRIPT } from './fish.js';
import type { CompletionShell } from './shells.js';
import { ZSH_SCRIPT } from './zsh.js';

/** What each shell is to run. */
export const SCRIPTS = {
  bash: BASH_SCRIPT,
  zsh: ZSH_SCRIPT,
  fish: FISH_SCRIPT,
} as const satisfies Record<CompletionShell, string>;
