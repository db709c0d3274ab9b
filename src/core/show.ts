const LONGEST = 60;

/**
 * In the brackets of a pattern: control characters, separators of lines, and marks that turn the direction of writing. On
 * a terminal a name with one would stand for another. By their numbers: properties of Unicode take a start a millisecond.
 */
export const UNSHOWN_CHARACTERS = String.raw`\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069`;

export const UNSHOWN = new RegExp(`[${UNSHOWN_CHARACTERS}]`, 'u');

/** A piece of somebody's input inside an error line: quoted, cut, with control characters made visible. */
export function show(text: string): string {
  const cut = text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
  return JSON.stringify(cut).replace(
    /[\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g,
    escapeCharacter,
  );
}

function escapeCharacter(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
