import { input, type Shape } from '../../graph/index.ts';
import type { Model } from '../../nn/index.ts';
import {
  boxPiece,
  colours,
  line,
  type Piece,
  pieceOf,
  sizes,
  spineWidth,
  stack,
  text,
} from './layout.ts';
import { shapeOf, structureOf } from './structure.ts';
import { element, escapeText, type Point, textWidth } from './svg.ts';

export interface DrawingOptions {
  readonly title: string;
  /** A line below the title. */
  readonly subtitle?: string;
}

const MARGIN = 24;
const TITLE_LINE = 28;
const SUBTITLE_LINE = 15;
/** Narrowest text below the title. */
const SUBTITLE_WIDTH = 260;
/** Height from which a net is drawn in several columns. */
const COLUMN_HEIGHT = 1300;
const BETWEEN = 44;
const FONTS = "system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, 'DejaVu Sans', sans-serif";

/** [n, c, h, w] without the batch: `64×56×56`. */
const sizesOf = (shape: Shape): string => shape.slice(1).join('×');

/** A piece of the spine, and what stands beside the line that leaves it. */
interface Placed {
  readonly piece: Piece;
  readonly label: string;
}

/**
 * Draws a model for an input of `shape` [n, ...] as an SVG picture, from top to bottom: its layers,
 * blocks with a frame, equal ones once with their number, paths side by side, shortcuts around what
 * they pass by. Read off the graph; nothing is computed.
 *
 * @throws ShapeError when the input does not fit
 * @throws UsageError when paths cross
 */
export function drawArchitecture(model: Model, shape: Shape, options: DrawingOptions): string {
  const { input: start, items } = structureOf(model, input('x', shape));
  const width = Math.max(130, spineWidth(items));
  const end = (word: string, shown: string): Piece => {
    const label = `${word} ${shown}`;
    return boxPiece(label, '', 'other', Math.max(0.7 * width, textWidth(label, 12) + 28), 12);
  };
  let last = sizesOf(start.shape);
  const placed: Placed[] = [{ piece: end('input', last), label: '' }];
  for (const item of items) {
    const now = shapeOf(item);
    const label = now === undefined || sizesOf(now) === last ? '' : sizesOf(now);
    if (label !== '') last = label;
    placed.push({ piece: pieceOf(item, width), label });
  }
  // The output says it.
  placed.push({ ...placed.pop()!, label: '' }, { piece: end('output', last), label: '' });
  return picture(columnsOf(placed), options);
}

const heightOf = (column: readonly Placed[]): number =>
  column.reduce((sum, { piece }) => sum + piece.height + sizes.gap, -sizes.gap);

/** Cuts what is too high for one column into columns, as few and as low as possible. */
function columnsOf(placed: readonly Placed[]): Placed[][] {
  const total = heightOf(placed);
  const count = Math.ceil(total / COLUMN_HEIGHT);
  let limit = total / count;
  let columns = filled(placed, limit);
  while (columns.length > count) {
    limit *= 1.02;
    columns = filled(placed, limit);
  }
  return columns;
}

/** Columns up to a height, unless a single piece is higher. */
function filled(placed: readonly Placed[], limit: number): Placed[][] {
  const columns: Placed[][] = [[]];
  for (const each of placed) {
    const open = columns.at(-1)!;
    if (open.length > 0 && heightOf([...open, each]) > limit) columns.push([each]);
    else open.push(each);
  }
  return columns;
}

function picture(
  columns: readonly (readonly Placed[])[],
  { title, subtitle = '' }: DrawingOptions,
): string {
  const reach = columns.map((column) => ({
    left: Math.max(...column.map(({ piece }) => piece.left)),
    right: Math.max(
      ...column.map(({ piece, label }) => Math.max(piece.right, 8 + textWidth(label, sizes.note))),
    ),
  }));
  const drawn = reach.reduce((sum, { left, right }) => sum + left + right + BETWEEN, -BETWEEN);
  const lines = wrapped(subtitle, Math.max(drawn, SUBTITLE_WIDTH));
  const headings = [textWidth(title, 16), ...lines.map((each) => textWidth(each, 11))];
  const width = Math.ceil(Math.max(drawn, ...headings) + 2 * MARGIN);
  // Room for the lines from column to column.
  const turn = columns.length > 1 ? sizes.gap : 0;
  const top = TITLE_LINE + SUBTITLE_LINE * lines.length + MARGIN + turn;
  const height = Math.ceil(top + Math.max(...columns.map(heightOf)) + MARGIN + turn);

  const parts: string[] = [];
  let x = (width - drawn) / 2;
  columns.forEach((column, i) => {
    const spine = x + reach[i]!.left;
    const bottom = top + heightOf(column);
    parts.push(stack(column.map(({ piece }) => piece)).draw({ x: spine, y: top }));
    parts.push(labels(column, { x: spine, y: top }));
    x = spine + reach[i]!.right + BETWEEN;
    const next = columns[i + 1];
    if (next === undefined) return;
    const entry = x + reach[i + 1]!.left;
    const around = [
      { x: spine, y: bottom },
      { x: spine, y: bottom + sizes.gap + 2 },
      { x: x - BETWEEN / 2, y: bottom + sizes.gap + 2 },
      { x: x - BETWEEN / 2, y: top - sizes.gap },
      { x: entry, y: top - sizes.gap },
      { x: entry, y: top },
    ];
    parts.push(line(around, next[0]!.piece.isSolid));
  });
  const heading = [
    element('title', {}, escapeText(title)),
    element('desc', {}, escapeText(`Architecture of ${title}. ${subtitle}`)),
    element('rect', { width, height, fill: 'white' }),
    text(title, { x: MARGIN, y: TITLE_LINE }, { size: 16, anchor: 'start', weight: '600' }),
    ...lines.map((each, i) => {
      const at = { x: MARGIN, y: TITLE_LINE + 2 + SUBTITLE_LINE * (i + 1) };
      return text(each, at, { size: 11, fill: colours.faint, anchor: 'start' });
    }),
  ];
  const attributes = {
    ...{ xmlns: 'http://www.w3.org/2000/svg', width, height, viewBox: `0 0 ${width} ${height}` },
    ...{ role: 'img', 'font-family': FONTS },
  };
  return element('svg', attributes, [...heading, ...parts].join(''));
}

/** Shapes, beside the lines that leave the pieces of a column. */
function labels(column: readonly Placed[], { x, y }: Point): string {
  let bottom = y;
  return column
    .map(({ piece, label }) => {
      bottom += piece.height;
      const at = { x: x + 8, y: bottom + sizes.gap / 2 + 3 };
      bottom += sizes.gap;
      if (label === '') return '';
      return text(label, at, { size: sizes.note, fill: colours.faint, anchor: 'start' });
    })
    .join('');
}

/** Lines of a text for the subtitle's font. */
function wrapped(content: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of content.split(' ').filter((each) => each !== '')) {
    const longer = `${lines.at(-1)} ${word}`;
    if (lines.length > 0 && textWidth(longer, 11) <= width) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}
