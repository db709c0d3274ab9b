/** The end of a host expression: what is being typed of it. */
export interface HostPart {
  /** file: the name of a hosts file; none: a place where no name can stand. */
  readonly kind: 'name' | 'group' | 'file' | 'none';
  /** How much of the expression stands before what is being typed. */
  readonly start: number;
  /** What stands in the list already. */
  readonly others: ReadonlySet<string>;
}

/** Where the last item of an expression begins, and of what kind it is (docs/targets.md). */
export function hostPart(text: string): HostPart {
  // A value that begins so is a file, whatever else is in it.
  if (/^(\.{0,2}|~)\//.test(text)) return { kind: 'file', start: 0, others: new Set() };
  const others = new Set<string>();
  let start = 0;
  let depth = 0;
  let file = false;
  for (const [place, character] of [...text].entries()) {
    if (character === '[') depth += 1;
    else if (character === ']') depth -= 1;
    else if (depth === 0 && /[\s,!&^]/.test(character)) {
      const item = text.slice(start, place);
      // Between two items it is the operator.
      file = character === '^' && item === '';
      others.add(item);
      start = place + 1;
    }
  }
  const item = text.slice(start);
  if (file) return { kind: 'file', start, others };
  if (item.includes('[') || item.includes(']')) return { kind: 'none', start, others };
  if (item.startsWith('@')) return { kind: 'group', start, others };
  const login = /^(?:ssh:\/\/)?[^@]*@/.exec(item)?.[0] ?? '';
  return { kind: 'name', start: start + login.length, others };
}
