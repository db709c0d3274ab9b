/** Blanks separate operands; other white space is a fault of the name it stands in. */
export function isBlank(character: string | undefined): boolean {
  return character === ' ' || character === '\t' || character === '\n' || character === '\r';
}

/** What ends an operand, outside of brackets. */
export function endsOperand(character: string | undefined): boolean {
  return (
    character === undefined ||
    character === ',' ||
    character === '!' ||
    character === '&' ||
    character === '^' ||
    isBlank(character)
  );
}
