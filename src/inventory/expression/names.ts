import type { TargetSpec } from '../../core/target.js';
import type { ExpressionContext } from './context.js';
import type { HostOperand, Template } from './syntax.js';

const NO_VARS: Readonly<Record<string, string>> = Object.freeze({});
// Looking through all known names pays from here on.
const LARGE = 1000;

type Around = Pick<HostOperand, 'before' | 'after' | 'user' | 'port'>;

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

  /** The target of `name`, `user@name:port` or what is between. */
  item(item: string): TargetSpec {
    const user = item.indexOf('@');
    const colon = item.indexOf(':', user + 1);
    if (user === -1 && colon === -1) return this.plain(item);
    const end = colon === -1 ? item.length : colon;
    return this.spec(
      {
        before: item.slice(0, user + 1),
        after: item.slice(end),
        user: user === -1 ? undefined : item.slice(0, user),
        port: colon === -1 ? undefined : Number(item.slice(colon + 1)),
      },
      item.slice(user + 1, end),
      true,
    );
  }

  private plain(name: string): TargetSpec {
    return this.context.lookup?.(name) ?? { host: name, label: name, vars: NO_VARS };
  }

  /** The target of a name with what stands around it. */
  spec({ before, after, user, port }: Around, name: string, lookUp: boolean): TargetSpec {
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
