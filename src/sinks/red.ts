const RED = '\u001b[31m';
const RESET = '\u001b[0m';

/** A failure's colour, where colours are wanted. */
export const redIf = (text: string, color: boolean): string => (color ? `${RED}${text}${RESET}` : text);
