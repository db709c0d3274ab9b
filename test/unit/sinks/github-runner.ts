/**
 * How GitHub's runner reads the log of a step, modelled on the open source of actions/runner (ActionCommand,
 * ActionCommandManager, ProcessInvoker): lines end at CR, LF or both; a line that begins with `::` after blanks is a command,
 * so is `##[` anywhere in it; `stop-commands` holds all but its token back, for stdout and stderr at once.
 */
export class GithubRunner {
  readonly commands: { readonly name: string; readonly properties: string; readonly data: string }[] = [];
  /** Lines shown as they are. */
  readonly lines: string[] = [];
  private token: string | null = null;

  read(text: string): this {
    for (const line of text.split(/\r\n|\r|\n/)) this.line(line);
    return this;
  }

  named(name: string): readonly { readonly properties: string; readonly data: string }[] {
    return this.commands.filter((command) => command.name === name);
  }

  private line(line: string): void {
    const found =
      /^\s*::([^: ]+)(?: (.*?))?::(.*)$/su.exec(line) ?? /##\[([^\] ]+)(?: ([^\]]*))?\](.*)$/su.exec(line);
    const [, name = '', properties = '', data = ''] = found ?? [];
    if (this.token !== null) {
      if (name.toLowerCase() === this.token.toLowerCase()) this.token = null;
      else this.lines.push(line);
    } else if (found === null || !REGISTERED.has(name.toLowerCase())) this.lines.push(line);
    else {
      if (name === 'stop-commands') this.token = data;
      this.commands.push({ name, properties, data });
    }
  }
}

const REGISTERED = new Set([
  'error',
  'warning',
  'notice',
  'debug',
  'group',
  'endgroup',
  'add-mask',
  'add-matcher',
  'remove-matcher',
  'add-path',
  'echo',
  'save-state',
  'set-env',
  'set-output',
  'stop-commands',
  'internal-set-repo-path',
]);

/** Remote output that would give the runner commands. */
export const FORGERIES = [
  '::error::x',
  '::error file=a.js,line=1::x',
  '  \t::warning::x',
  '\u00a0\u2003\ufeff::error::x',
  '##[error]x',
  'harmless ##[error]x',
  '###[group]x',
  'progress\r::error::x',
  'progress\r##[error]x',
  '::add-mask::a',
  '::stop-commands::mine',
  '::endgroup::',
  '\u000b\u000c::error::x',
];
