export interface Column {
  readonly title: string;
  /** Numbers stand at the right. */
  readonly align?: 'left' | 'right';
  /** Gives way first when the terminal is narrow. */
  readonly shrink?: boolean;
}

/** Columns of a terminal that a text takes; Chinese, Japanese and Korean characters take two. */
export function textWidth(text: string): number {
  let width = 0;
  for (const char of text)
    width +=
      /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60]/.test(char)
        ? 2
        : 1;
  return width;
}

/** The beginning of a text, in no more than `width` columns. */
export function clip(text: string, width: number): string {
  if (textWidth(text) <= width) return text;
  let short = '';
  for (const char of text) {
    if (textWidth(short + char) > width - 1) break;
    short += char;
  }
  return width < 1 ? '' : `${short}…`;
}

const GAP = 2;
const NARROWEST = 6;

/**
 * Aligned lines, the titles first. When they are wider than `width`, the columns that may shrink
 * do, and then the end of each line is cut.
 */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width = Number.POSITIVE_INFINITY,
): string[] {
  const lines = [columns.map(({ title }) => title), ...rows];
  const widths = columns.map((_, i) => Math.max(...lines.map((line) => textWidth(line[i] ?? ''))));
  const sum = () => widths.reduce((a, b) => a + b, GAP * (widths.length - 1));
  for (let i = widest(columns, widths); sum() > width && i >= 0; i = widest(columns, widths)) {
    widths[i]!--;
  }
  return lines.map((line) => {
    const cells = columns.map(({ align }, i) => {
      const text = clip(line[i] ?? '', widths[i]!);
      const space = ' '.repeat(widths[i]! - textWidth(text));
      return align === 'right' ? space + text : text + space;
    });
    return clip(cells.join(' '.repeat(GAP)).trimEnd(), width);
  });
}

/** The widest of the columns that may shrink, or -1 when none can any more. */
function widest(columns: readonly Column[], widths: readonly number[]): number {
  const able = columns.map(({ shrink }, i) => (shrink && widths[i]! > NARROWEST ? widths[i]! : 0));
  const most = Math.max(...able);
  return most === 0 ? -1 : able.indexOf(most);
}
