import type { PsshError } from '../../core/errors.js';
import { templateSize } from './expand.js';
import { faultAt, type Source } from './fault.js';
import type { Operand } from './syntax.js';

/** Refuses by multiplication what is too large, before any of it is expanded. */
export class WorkLimit {
  private readonly source: Source;
  private readonly limit: number;
  private readonly most: number;
  private work = 0;

  constructor(source: Source, limit: number) {
    this.source = source;
    this.limit = limit;
    // Repeats cost work without adding hosts; twice the limit of them is no honest expression.
    this.most = Math.max(2 * limit, source.text.length);
  }

  add(operand: Operand, at: number): void {
    const size = operandSize(operand);
    this.work += size;
    if (size > this.limit || this.work > this.most) throw tooMany(this.source, at, this.limit);
  }
}

export function tooMany(source: Source, at: number, limit: number): PsshError {
  return faultAt(source, at, `more than ${limit} hosts; check the range, or raise the limit (--max-hosts)`);
}

function operandSize(operand: Operand): number {
  switch (operand.kind) {
    case 'host':
    case 'wildcard':
      return templateSize(operand.host);
    case 'group':
      return templateSize(operand.name);
    case 'items':
    case 'file':
      // Both are bounded by what was written, and counted when their hosts are added.
      return 0;
  }
}
