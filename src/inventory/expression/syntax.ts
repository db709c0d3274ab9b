/** How an operand joins with all that stands before it. */
export type Operator = 'union' | 'difference' | 'intersection' | 'either';

/** One element of a bracket: `7`, `1-30`, `01-10/2`. */
export interface RangePart {
  readonly from: number;
  readonly to: number;
  readonly step: number;
  /** Digits to pad to; 0: none. */
  readonly width: number;
}

/** Text with ranges in it: `literals` has one more element than `ranges`, around and between them. */
export interface Template {
  readonly literals: readonly string[];
  readonly ranges: readonly (readonly RangePart[])[];
}

/** Operands that name machines: `deploy@web[1-3]:2222`, `db1`, `web*`. */
export interface HostOperand {
  readonly kind: 'host' | 'wildcard';
  /** The host without user, port and an address's brackets. */
  readonly host: Template;
  /** What the label has before and after the host: `deploy@`, `:2222`. */
  readonly before: string;
  readonly after: string;
  readonly user: string | undefined;
  readonly port: number | undefined;
}

/** Items without range or wildcard that stand in a row: `web1,deploy@web2 db1:2222`. */
export interface ItemsOperand {
  readonly kind: 'items';
  readonly items: string[];
}

/** `@group`, `@rack[1-3]`, `@*`. */
export interface GroupOperand {
  readonly kind: 'group';
  readonly name: Template;
}

/** `^FILE`. */
export interface FileOperand {
  readonly kind: 'file';
  readonly path: string;
}

export type Operand = ItemsOperand | HostOperand | GroupOperand | FileOperand;

/** An expression is a flat list: there are no parentheses and no precedence. */
export interface Term {
  readonly operator: Operator;
  readonly operand: Operand;
  /** Where the operand begins in the text. */
  readonly at: number;
}
