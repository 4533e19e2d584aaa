import { clip, textWidth } from './table.ts';

/** The last line of a terminal, drawn again and again. */
export interface LiveLine {
  /**
   * Shows how far something has come. `fields` stand in the order of importance: on a narrow
   * terminal the last ones are left out, then the bar.
   */
  progress(done: number, total: number, fields: readonly string[]): void;
  /** Shows that something goes on that cannot be counted. */
  busy(text: string): void;
  /** Takes the line away; the next call brings it back. */
  clear(): void;
}

/** Takes away whatever line is shown: its timer would keep the process alive. */
let clearShown = (): void => {};
export const clearLiveLine = (): void => clearShown();

const SPINNER = '⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏';
const FRAME_MS = 100;

/** A live line on a terminal. */
export async function liveLine(stream: NodeJS.WriteStream): Promise<LiveLine> {
  const { default: cliProgress } = await import('cli-progress');
  let content = (_columns: number): string => '';
  const bar = new cliProgress.SingleBar({
    stream,
    format: () => content((stream.columns || 80) - 1),
    clearOnComplete: true,
    hideCursor: true,
    forceRedraw: true,
    gracefulExit: false,
    fps: 1000 / FRAME_MS,
  });
  let shown = false;
  const clear = (): void => {
    if (shown) bar.stop();
    shown = false;
  };
  // However the process ends, the cursor must come back.
  process.once('exit', clear);
  clearShown = clear;
  const show = (draw: (columns: number) => string): void => {
    content = draw;
    if (!shown) bar.start(1, 0);
    shown = true;
  };
  return {
    progress: (done, total, fields) =>
      show((columns) => progressText(done / Math.max(1, total), fields, columns)),
    busy: (text) =>
      show((columns) => {
        const frame = Math.floor(Date.now() / FRAME_MS) % SPINNER.length;
        return clip(`${SPINNER[frame]} ${text}`, columns);
      }),
    clear,
  };
}

const [WIDEST_BAR, NARROWEST_BAR, GAP] = [24, 8, 2];

/** The first of some fields, as many as fit into `columns` with a gap after each. */
export function fittingFields(fields: readonly string[], columns: number): readonly string[] {
  let width = 0;
  const end = fields.findIndex((field) => {
    width += textWidth(field) + GAP;
    return width - GAP > columns;
  });
  return end === -1 ? fields : fields.slice(0, Math.max(1, end));
}

/** One line of at most `columns`: the first field, a bar, the other fields. */
export function progressText(share: number, fields: readonly string[], columns: number): string {
  const kept = fittingFields(fields, columns - NARROWEST_BAR - GAP);
  const taken = kept.reduce((sum, field) => sum + textWidth(field) + GAP, 0);
  const size = Math.min(WIDEST_BAR, columns - taken);
  const bar = size < NARROWEST_BAR ? [] : [barText(share, size)];
  return clip([kept[0], ...bar, ...kept.slice(1)].join(' '.repeat(GAP)), columns);
}

function barText(share: number, size: number): string {
  const full = Math.round(Math.min(1, Math.max(0, share)) * size);
  return '█'.repeat(full) + '░'.repeat(size - full);
}
