/** A CI system that reads commands out of the log of a job. */
export type LogReader = 'github' | 'gitlab';

const [NEWLINE, RETURN, BLANK, HASH, COLON, BRACKET] = [0x0a, 0x0d, 0x20, 0x23, 0x3a, 0x5b];
const SECTION = ['section_start:', 'section_end:'].map((text) => Buffer.from(text));
const LONGEST_MARKER = 14;

/**
 * Keeps remote output from being taken for a command by whoever reads our output as a job's log. GitHub's runner
 * takes a line that begins with `::` after blanks, and `##[` anywhere in a line; a line ends at a carriage return
 * too. It reads stdout and stderr as two streams, in no order that we could know, and switches commands off for
 * both at once, so that `::stop-commands::` on one is no fence for the other. A backslash is: `:\:error::x`,
 * `##\[error]x`. GitLab takes `section_start:` anywhere; it becomes `section_start\:`.
 *
 * @param json the text is JSON: the bracket or colon is escaped, and what it says stays the same
 * @returns a filter for all that is written to one stream, in order, in any pieces
 */
export function logGuard(
  reader: LogReader,
  json: boolean,
): (data: Uint8Array | string) => Uint8Array | string {
  const places = reader === 'github' ? githubPlaces() : gitlabPlaces();
  const backslash = Buffer.from('\\');
  return (data) => {
    const bytes = typeof data === 'string' ? Buffer.from(data) : data;
    const found = places(bytes);
    if (found.length === 0) return data;
    const pieces: Uint8Array[] = [];
    let from = 0;
    for (const place of found) {
      pieces.push(bytes.subarray(from, place), json ? jsonEscape(bytes[place] as number) : backslash);
      from = json ? place + 1 : place;
    }
    pieces.push(bytes.subarray(from));
    return Buffer.concat(pieces);
  };
}

function jsonEscape(byte: number): Buffer {
  return Buffer.from(`\\u${byte.toString(16).padStart(4, '0')}`);
}

type Finder = (bytes: Uint8Array) => readonly number[];

/** Where a command would become one: before the second colon, and before the bracket. */
function githubPlaces(): Finder {
  let line: 'blank' | 'colon' | 'text' = 'blank';
  let hashes = 0;
  const scan = (bytes: Buffer, from: number): readonly number[] => {
    const places: number[] = [];
    for (let place = from; place < bytes.length; place += 1) {
      const byte = bytes[place] as number;
      if (byte === BRACKET && hashes >= 2) places.push(place);
      hashes = byte === HASH ? hashes + 1 : 0;
      if (byte === NEWLINE || byte === RETURN) line = 'blank';
      else if (line === 'text') continue;
      else if (byte === COLON) {
        if (line === 'colon') places.push(place);
        line = line === 'colon' ? 'text' : 'colon';
        // Beyond ASCII there are more blanks, and characters that a comparison passes over.
      } else if (line === 'colon' || (byte > BLANK && byte < 0x80)) line = 'text';
    }
    return places;
  };
  return (piece) => {
    const bytes = Buffer.from(piece.buffer, piece.byteOffset, piece.length);
    const begun = line === 'colon' || hashes > 0;
    if (begun || bytes.includes('::') || bytes.includes('##')) return scan(bytes, 0);
    // Most output: only how its last line begins matters for what follows.
    return scan(bytes, Math.max(bytes.lastIndexOf(NEWLINE), bytes.lastIndexOf(RETURN), 0));
  };
}

/** Where a section's marker is complete: before its colon. */
function gitlabPlaces(): Finder {
  // What a marker that is cut in two may have begun with.
  let carried = Buffer.alloc(0);
  return (bytes) => {
    const places: number[] = [];
    const all = Buffer.concat([carried, bytes]);
    for (const marker of SECTION) {
      for (let at = all.indexOf(marker); at !== -1; at = all.indexOf(marker, at + 1))
        places.push(at + marker.length - 1 - carried.length);
    }
    carried = Buffer.from(all.subarray(Math.max(all.length - LONGEST_MARKER + 1, 0)));
    return places.filter((place) => place >= 0).sort((a, b) => a - b);
  };
}
