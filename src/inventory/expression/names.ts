import type { TargetSpec } from '../../core/target.js';
import type { ExpressionContext } from './context.js';
import type { HostOperand, Template } from './syntax.js';

const NO_VARS: Readonly<Record<string, string>> = Object.freeze({});
// Looking through all known names pays from here on.
const LARGE = 1000;

/** What the context knows of names, asked for once an evaluation. */
export class KnownNames {
  private readonly context: ExpressionContext;
  private listed: ReadonlySet<string> | null = null;

  constructor(context: ExpressionContext) {
    this.context = context;
  }

  all(): ReadonlySet<string> {
    this.listed ??= new Set(this.context.names?.() ?? []);
    return this.listed;
  }

  has(name: string): boolean {
    return this.all().has(name) || this.context.lookup?.(name) !== undefined;
  }

  /** False where the inventory surely knows none of a template's names, so that none need be looked up. */
  mayLookUp(template: Template, size: number): boolean {
    if (this.context.lookup === undefined) return false;
    if (size < LARGE || this.context.names === undefined) return true;
    const first = template.literals[0] as string;
    const last = template.literals.at(-1) as string;
    for (const name of this.all()) if (name.startsWith(first) && name.endsWith(last)) return true;
    return false;
  }

  /** The target of a name that stands alone. */
  plain(name: string): TargetSpec {
    return this.context.lookup?.(name) ?? { host: name, label: name, vars: NO_VARS };
  }

  /** The target of a name with what stands around it. */
  spec({ before, after, user, port }: HostOperand, name: string, lookUp: boolean): TargetSpec {
    if (before === '' && after === '')
      return lookUp ? this.plain(name) : { host: name, label: name, vars: NO_VARS };
    const known = lookUp ? this.context.lookup?.(name) : undefined;
    return {
      ...known,
      host: known?.host ?? name,
      ...(user === undefined ? {} : { user }),
      ...(port === undefined ? {} : { port }),
      label: before + name + after,
      vars: known?.vars ?? NO_VARS,
    };
  }
}
