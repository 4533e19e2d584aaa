// Pictures in rows with words beside them, as an SVG picture: contact sheets, samples of a policy,
// batches.

/** A picture on a sheet. */
export interface Tile {
  /** What an `<image>` of SVG shows; without it there is an empty frame. */
  readonly href?: string;
  /** Of the picture, in its own pixels. */
  readonly width: number;
  readonly height: number;
  /** Lines below it; what does not fit is cut. */
  readonly caption?: readonly string[];
  /** Words inside of an empty frame. */
  readonly note?: string;
  /** Frames, in pixels of the picture. */
  readonly boxes?: readonly SheetBox[];
  /** Ticks along the edges that count the picture's pixels. */
  readonly axes?: boolean;
}

export interface SheetBox {
  /** x1, y1, x2, y2 */
  readonly corners: readonly [number, number, number, number];
  readonly label?: string;
  /** Chooses the colour. */
  readonly group: number;
}

export interface SheetSection {
  readonly title?: string;
  /** Smaller, after the title. */
  readonly detail?: string;
  /** Tiles in groups that belong together and share a frame; a tile alone is a group of one. */
  readonly groups: readonly (readonly Tile[])[];
  /** Space of one picture, in units of the sheet. */
  readonly cell: { readonly width: number; readonly height: number };
}

export interface Sheet {
  readonly title: string;
  readonly detail?: string;
  /** Width of the content, in units; rows are filled up to it. */
  readonly width: number;
  readonly sections: readonly SheetSection[];
}

const MARGIN = 24;
const GAP = 10;
const GROUP_PAD = 6;
const LINE = 15;
const TEXT = 11;
const INK = '#1c1c1c';
const FAINT = '#6b6b6b';
const EDGE = '#c8c8c8';
/** Tableau 10 without its grey, as the book's plots have it. */
const COLOURS = ['#1f77b4', '#d62728', '#2ca02c', '#ff7f0e', '#9467bd', '#8c564b', '#e377c2'];
/** Room for the numbers of the axes. */
const AXES = { left: 34, bottom: 20 };

/** Text for SVG. What XML may not have, and what turns the direction of writing, is replaced. */
export const escapeXml = (text: string): string =>
  text
    .replace(/[\p{Cc}\p{Cs}\u200e\u200f\u202a-\u202e\u2066-\u2069\ufffe\uffff]/gu, '\ufffd')
    .replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);

/** About how wide DejaVu Sans is, in units of its size. Never less than the truth. */
function advance(char: string): number {
  if (/[ijlI.,:;'| ]/.test(char)) return 0.34;
  if (/[frtJ()![\]/-]/.test(char)) return 0.42;
  if (/[mwMW@%…—]|[\u1100-\uffff]|[\u{10000}-\u{10ffff}]/u.test(char)) return 1.05;
  return /[a-z0-9_]/.test(char) ? 0.64 : 0.85;
}

const textUnits = (text: string, size: number): number =>
  [...text].reduce((sum, char) => sum + advance(char), 0) * size;

/** How much wider bold letters are. */
const BOLD = 1.16;

/** The text, with its middle left out when it is wider: names differ at both ends. */
export function fitText(text: string, size: number, width: number): string {
  if (textUnits(text, size) <= width) return text;
  const chars = [...text];
  for (let kept = chars.length - 1; kept > 0; kept--) {
    const head = Math.ceil(kept / 2);
    const short = `${chars.slice(0, head).join('')}…${chars.slice(chars.length - (kept - head)).join('')}`;
    if (textUnits(short, size) <= width) return short;
  }
  return '…';
}

const n = (value: number): string => String(Math.round(value * 100) / 100);

interface Words {
  readonly size?: number;
  readonly colour?: string;
  readonly weight?: 'bold';
  readonly anchor?: 'start' | 'middle' | 'end';
}

function words(x: number, y: number, text: string, how: Words = {}): string {
  const { size = TEXT, colour = INK, weight, anchor = 'start' } = how;
  const bold = weight ? ` font-weight="${weight}"` : '';
  return `<text x="${n(x)}" y="${n(y)}" font-size="${size}" fill="${colour}" text-anchor="${anchor}"${bold}>${escapeXml(text)}</text>`;
}

const rectangle = (x: number, y: number, w: number, h: number, rest: string): string =>
  `<rect x="${n(x)}" y="${n(y)}" width="${n(w)}" height="${n(h)}" ${rest}/>`;

/** Round steps of an axis: about five to `length` pixels, 1, 2 or 5 times a power of ten. */
export function ticks(length: number): number[] {
  const rough = length / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max(1, [1, 2, 5, 10].find((k) => k * power >= rough)! * power);
  return Array.from({ length: Math.floor((length - 1) / step) + 1 }, (_, i) => i * step);
}

function axes(x: number, y: number, scale: number, { width, height }: Tile): string {
  const [bottom, parts] = [y + height * scale, [] as string[]];
  const line = (x1: number, y1: number, x2: number, y2: number) =>
    parts.push(
      `<path d="M${n(x1)} ${n(y1)}L${n(x2)} ${n(y2)}" stroke="${INK}" stroke-width="0.8"/>`,
    );
  for (const at of ticks(width)) {
    const to = x + (at + 0.5) * scale;
    line(to, bottom, to, bottom + 3.5);
    parts.push(words(to, bottom + 14, String(at), { size: 9, anchor: 'middle' }));
  }
  for (const at of ticks(height)) {
    const to = y + (at + 0.5) * scale;
    line(x - 3.5, to, x, to);
    parts.push(words(x - 6, to + 3.2, String(at), { size: 9, anchor: 'end' }));
  }
  return parts.join('');
}

function boxFrames(x: number, y: number, scale: number, tile: Tile): string {
  const [frames, names] = [[] as string[], [] as string[]];
  for (const { corners, label, group } of tile.boxes ?? []) {
    const colour = COLOURS[group % COLOURS.length]!;
    const [x1, y1, x2, y2] = corners.map((at) => at * scale) as unknown as typeof corners;
    const look = `fill="none" stroke="${colour}" stroke-width="1.6"`;
    frames.push(rectangle(x + x1, y + y1, x2 - x1, y2 - y1, look));
    if (label === undefined) continue;
    const room = tile.width * scale;
    const shown = fitText(label, 9, room - 6);
    const size = textUnits(shown, 9) + 6;
    const left = x + Math.max(0, Math.min(x1, room - size));
    const top = y + Math.min(y1, Math.max(0, tile.height * scale - 13));
    const ink = { size: 9, colour: '#fff', anchor: 'middle' } as const;
    names.push(rectangle(left, top, size, 13, `fill="${colour}"`));
    names.push(words(left + size / 2, top + 9.6, shown, ink));
  }
  return [...frames, ...names].join('');
}

/** Text in lines of at most so many units. */
function wrapped(text: string, size: number, width: number, most: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/)) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (textUnits(longer, size) <= width || line === '') line = longer;
    else {
      lines.push(line);
      line = word;
    }
  }
  lines.push(line);
  const cut = lines.length > most ? [...lines.slice(0, most - 1), `${lines[most - 1]} …`] : lines;
  return cut.map((one) => fitText(one, size, width));
}

type Cell = SheetSection['cell'];

/** Where a picture fits into its cell. */
function fitted(tile: Tile, cell: Cell) {
  const room = tile.axes
    ? { width: cell.width - AXES.left, height: cell.height - AXES.bottom }
    : cell;
  const scale = Math.min(room.width / tile.width, room.height / tile.height);
  return { room, scale, w: tile.width * scale, h: tile.height * scale };
}

/** No higher than the highest of its pictures needs. */
function usedCell({ groups, cell }: SheetSection): Cell {
  const heights = groups.flat().map((tile) => {
    const { room, h } = fitted(tile, cell);
    return tile.href === undefined ? cell.height : cell.height - room.height + h;
  });
  return { width: cell.width, height: Math.max(1, ...heights) };
}

function drawTile(x: number, y: number, tile: Tile, cell: Cell): string {
  const { room, scale, w, h } = fitted(tile, cell);
  const left = x + cell.width - room.width + (room.width - w) / 2;
  const top = y + (room.height - h) / 2;
  const parts: string[] = [];
  if (tile.href === undefined) {
    parts.push(
      rectangle(
        x + 0.5,
        y + 0.5,
        cell.width - 1,
        cell.height - 1,
        `fill="#f6f3f3" stroke="${EDGE}" stroke-dasharray="4 3"`,
      ),
    );
    const lines = wrapped(tile.note ?? '', 10, cell.width - 12, Math.floor(cell.height / 13));
    const first = y + cell.height / 2 - ((lines.length - 1) * 13) / 2 + 3.5;
    lines.forEach((line, i) => {
      const how = { size: 10, colour: FAINT, anchor: 'middle' } as const;
      parts.push(words(x + cell.width / 2, first + 13 * i, line, how));
    });
  } else {
    // Pixels that are large enough to be seen stay square.
    const crisp = scale > 1.5 ? ' image-rendering="optimizeSpeed"' : '';
    parts.push(
      `<image x="${n(left)}" y="${n(top)}" width="${n(w)}" height="${n(h)}" preserveAspectRatio="none"${crisp} href="${tile.href}"/>`,
      rectangle(left, top, w, h, `fill="none" stroke="${EDGE}" stroke-width="0.6"`),
      boxFrames(left, top, scale, tile),
    );
    if (tile.axes) parts.push(axes(left, top, scale, tile));
  }
  tile.caption?.forEach((line, i) => {
    const text = fitText(line, TEXT - 1, cell.width);
    const how = { size: TEXT - 1, colour: i === 0 ? INK : FAINT, anchor: 'middle' } as const;
    parts.push(words(x + cell.width / 2, y + cell.height + LINE * (i + 0.85), text, how));
  });
  return parts.join('');
}

/** A section from `top` on, and where it ends. */
function drawSection(section: SheetSection, top: number, width: number) {
  const { title, detail = '', groups } = section;
  const cell = usedCell(section);
  const parts: string[] = [];
  let y = top;
  if (title !== undefined) {
    const shown = fitText(title, 14 * BOLD, width);
    parts.push(words(MARGIN, y + 14, shown, { size: 14, weight: 'bold' }));
    const after = MARGIN + textUnits(shown, 14 * BOLD) + 4;
    const rest = fitText(detail, TEXT, MARGIN + width - after);
    if (detail !== '') parts.push(words(after, y + 14, rest, { colour: FAINT }));
    y += 26;
  }
  const captions = Math.max(
    0,
    ...groups.flatMap((group) => group.map(({ caption = [] }) => caption.length)),
  );
  const framed = groups.some((group) => group.length > 1);
  const pad = framed ? GROUP_PAD : 0;
  const rowHeight = cell.height + captions * LINE + 2 * pad + (captions > 0 ? 4 : 0);
  let x = MARGIN;
  for (const group of groups) {
    const size = group.length * (cell.width + GAP) - GAP + 2 * pad;
    if (x > MARGIN && x + size > MARGIN + width + 0.01) {
      x = MARGIN;
      y += rowHeight + GAP;
    }
    if (framed) {
      const look = `rx="4" fill="#fafafa" stroke="${EDGE}" stroke-width="0.8"`;
      parts.push(rectangle(x, y, size, rowHeight, look));
    }
    group.forEach((tile, i) => {
      parts.push(drawTile(x + pad + i * (cell.width + GAP), y + pad, tile, cell));
    });
    x += size + GAP;
  }
  return { svg: parts.join(''), bottom: y + (groups.length > 0 ? rowHeight : 0) };
}

/** The width of a row of so many cells. */
export const rowUnits = (cells: number, cell: number): number => cells * (cell + GAP) - GAP;

/** Draws a sheet. */
export function sheetSvg({ title, detail = '', width, sections }: Sheet): string {
  const shown = fitText(title, 18 * BOLD, width);
  const parts = [words(MARGIN, MARGIN + 16, shown, { size: 18, weight: 'bold' })];
  let y = MARGIN + 26;
  for (const line of detail === '' ? [] : wrapped(detail, TEXT, width, 4)) {
    parts.push(words(MARGIN, y + 12, line, { colour: FAINT }));
    y += LINE;
  }
  for (const section of sections) {
    const { svg, bottom } = drawSection(section, y + 14, width);
    parts.push(svg);
    y = bottom;
  }
  const [w, h] = [width + 2 * MARGIN, y + MARGIN];
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${n(w)}" height="${n(h)}" viewBox="0 0 ${n(w)} ${n(h)}" font-family="DejaVu Sans, sans-serif"><rect width="100%" height="100%" fill="#fff"/>${parts.join('')}</svg>`;
}
