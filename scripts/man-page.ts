/** The man page: commands and options from the tree that --help prints, exit codes and examples from the README. */
import type { Command, Option } from 'commander';

export interface ManSources {
  /** With all of its commands. */
  readonly program: Command;
  readonly version: string;
  readonly readme: string;
}

export function manPage({ program, version, readme }: ManSources): string {
  const shared = new Set(program.options.map(({ flags }) => flags));
  const name = program.name();
  const title = `${name.toUpperCase()} 1 "" "${name} ${version}" "User Commands"`;
  return [
    `.TH ${title}`,
    '.SH NAME',
    `${text(name)} \\- ${text(lowerFirst(program.description()).replace(/\.$/, ''))}`,
    '.SH SYNOPSIS',
    `.B ${text(name)}`,
    text(program.usage()),
    '.SH DESCRIPTION',
    ...paragraphs(section(readme, name).replace(/^```.*?^```$/gms, '')),
    '.SH COMMANDS',
    ...program.commands.flatMap((command) => commandLines(command, name, shared)),
    '.SH OPTIONS',
    'These stand before or after the command.',
    ...optionLines(program.options.filter(({ hidden }) => !hidden)),
    '.SH EXIT STATUS',
    ...exitCodes(section(readme, 'Exit codes')),
    '.SH ENVIRONMENT',
    ...item(
      'PSSH_TS_*',
      'an option by its long name: PSSH_TS_FANOUT=8 is --fanout 8, and the command line wins',
    ),
    ...item(
      'XDG_RUNTIME_DIR',
      'the sockets of the connections are below it; without it, below the temp folder',
    ),
    ...item('CI', 'nothing persists by itself, and no progress is drawn'),
    ...item('NO_COLOR, FORCE_COLOR', 'no colours; colours where there is no terminal'),
    '.SH FILES',
    ...item('~/.ssh/config', "ssh's own configuration, read by ssh"),
    ...item('~/.config/pssh-ts/config.ini', 'defaults and groups'),
    ...item('~/.local/state/pssh-ts/runs', 'records of earlier runs'),
    '.SH EXAMPLES',
    ...examples(section(readme, 'A dozen lines')),
    '.SH SEE ALSO',
    '.BR ssh (1),',
    '.BR ssh_config (5)',
    '',
  ].join('\n');
}

function commandLines(command: Command, path: string, shared: ReadonlySet<string>): string[] {
  const full = `${path} ${command.name()}`;
  const own = command.options.filter(({ flags, hidden }) => !hidden && !shared.has(flags));
  const args = command.createHelp().visibleArguments(command);
  return [
    ...(command.commands.length > 0 ? [] : [`.SS "${text(full.replace(/^\S+ /, ''))}"`]),
    ...(command.commands.length > 0
      ? []
      : [`\\fB${text(full)}\\fR ${text(command.usage())}`, '.PP', text(command.description())]),
    ...args.flatMap((argument) => item(argument.name(), argument.description)),
    ...optionLines(own),
    ...command.commands.flatMap((child) => commandLines(child, full, shared)),
  ];
}

/** By their groups, in the order of the first of each. */
function optionLines(options: readonly Option[]): string[] {
  const headings = new Set(options.map(({ helpGroupHeading = '' }) => helpGroupHeading));
  const groups = [...headings].map(
    (heading) =>
      [heading, options.filter(({ helpGroupHeading = '' }) => helpGroupHeading === heading)] as const,
  );
  return groups.flatMap(([heading, list]) => [
    ...(heading === '' ? [] : ['.PP', `.I ${text(heading.replace(/:$/, ''))}`]),
    ...list.flatMap(({ flags, description }) => item(flags, description)),
  ]);
}

const item = (term: string, about: string): string[] => ['.TP', `\\fB${text(term)}\\fR`, text(about)];

function exitCodes(table: string): string[] {
  const rows = [...table.matchAll(/^\| ([\d, ]+) \| (.*) \|$/gm)];
  const after = table.slice(table.lastIndexOf('|\n') + 2);
  return [...rows.flatMap(([, codes = '', about = '']) => item(codes, about)), '.PP', ...paragraphs(after)];
}

/** Each line of the README's block, with what stands behind its `#` before it. */
function examples(block: string): string[] {
  const lines = /```sh\n(.*?)```/s.exec(block)?.[1]?.trimEnd().split('\n') ?? [];
  return lines.flatMap((line) => {
    const [, command = line, about = ''] = /^(.*?)\s+# (.*)$/.exec(line) ?? [];
    return ['.PP', ...(about === '' ? [] : [text(about)]), '.RS 4', '.nf', text(command), '.fi', '.RE'];
  });
}

/** What stands below a heading of the README, up to the next. */
function section(readme: string, heading: string): string {
  const found = new RegExp(`^#+ ${heading}\\n(.*?)(?=^#)`, 'ms').exec(readme)?.[1];
  if (found === undefined) throw new Error(`README.md has no section ${heading}`);
  return found;
}

/** Paragraphs and lists of Markdown. */
function paragraphs(markdown: string): string[] {
  return (
    markdown
      .trim()
      .split(/\n{2,}|\n(?=- )/)
      // What is in other pages is not in this one.
      .filter((block) => !block.includes(']('))
      .flatMap((block) => {
        const plain = block
          .replace(/^- /, '')
          .replace(/\s*\n\s*/g, ' ')
          .replace(/\*\*|`/g, '');
        return block.startsWith('- ') ? ['.IP \\(bu 2', text(plain)] : ['.PP', text(plain)];
      })
  );
}

const lowerFirst = (sentence: string): string => `${sentence.charAt(0).toLowerCase()}${sentence.slice(1)}`;

const ROFF: Readonly<Record<string, string>> = {
  '\\': '\\e',
  '-': '\\-',
  "'": '\\(aq',
  '"': '\\(dq',
  '^': '\\(ha',
  '~': '\\(ti',
  '`': '\\(ga',
  '…': '...',
};

/** Text that roff reads as it is meant, at the beginning of a line too. */
function text(plain: string): string {
  return plain
    .replace(/[\\\-'"^~`…]/g, (character) => ROFF[character] ?? character)
    .replace(/^(?=[.'])/gm, '\\&');
}
