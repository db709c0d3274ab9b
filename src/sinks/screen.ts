import type { Writable } from 'node:stream';

/** A terminal: what of it we need. */
export type Terminal = Writable & { readonly columns?: number };

const DEFAULT_COLUMNS = 80;
// The cursor stands at the beginning of the status line whenever it is shown. A terminal that wraps its lines anew
// when it gets narrower takes the cursor along, so that this erases all of the line and nothing above it. The blank:
// tmux takes an erasing from its very first place for a new screen, and keeps the old one in its history.
const ERASE = '\r \u001b[J\r';
// A terminal may be narrower than we know yet: it cuts the line then, it does not wrap it (DECAWM).
const NO_WRAP = '\u001b[?7l';
const WRAP = '\u001b[?7h';
const REDRAW_MS = 50;

/**
 * A terminal that shows a status line beneath the output that streams past. Writes to a terminal are synchronous in
 * Node, so stdout and stderr of one terminal stay in order.
 */
export class Screen {
  private render: ((columns: number) => string) | null = null;
  private shown = false;
  private held = false;
  private drawnAt = Number.NEGATIVE_INFINITY;
  private atLineStart = true;
  private readonly onResize = (): void => this.draw();

  /** @param terminal where the status line is drawn */
  constructor(private readonly terminal: Terminal) {
    terminal.on('resize', this.onResize);
  }

  /** Whether the next character stands at the beginning of a line. */
  get isLineStart(): boolean {
    return this.atLineStart;
  }

  /** @param render gives the line, narrower than so many columns; null: no line any more */
  show(render: ((columns: number) => string) | null): void {
    this.render = render;
    if (render === null) this.lift();
    else this.draw();
  }

  /** @param held true: no line is shown, whatever comes, until it is false again */
  hold(held: boolean): void {
    this.held = held;
    if (held) this.lift();
  }

  /** Something else is about to be written. */
  lift(): void {
    if (this.shown) this.terminal.write(ERASE);
    this.shown = false;
  }

  /** It has been written. */
  settle(data: Uint8Array | string): void {
    if (data.length === 0) return;
    this.atLineStart = typeof data === 'string' ? data.endsWith('\n') : data.at(-1) === 0x0a;
    if (performance.now() - this.drawnAt > REDRAW_MS) this.draw();
  }

  close(): void {
    this.show(null);
    this.terminal.off('resize', this.onResize);
  }

  private draw(): void {
    // In the middle of a line there is no place for another.
    if (this.held || this.render === null || !this.atLineStart) return;
    const columns = this.terminal.columns || DEFAULT_COLUMNS;
    this.terminal.write(`${ERASE}${NO_WRAP}${this.render(columns)}${WRAP}\r`);
    this.shown = true;
    this.drawnAt = performance.now();
  }
}
