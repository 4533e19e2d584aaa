import type { GroupItem, Item, PathsItem } from './structure.ts';
import { element, escapeText, type Point, roundedPath, textWidth } from './svg.ts';
import type { Tone, Unit } from './units.ts';

/** A piece of the picture, before it has a place. It is entered and left on its spine. */
export interface Piece {
  /** How far it reaches from its spine. */
  readonly left: number;
  readonly right: number;
  readonly height: number;
  /** Whether an arrow points at its upper edge, or the line runs on inside it. */
  readonly isSolid: boolean;
  /** Markup of the piece with the upper end of its spine at a point. */
  draw(top: Point): string;
}

export const sizes = {
  text: 12,
  note: 10,
  /** Between boxes, for lines and arrows. */
  gap: 18,
  corner: 5,
} as const;

export const colours = {
  text: '#1c2430',
  faint: '#5b6673',
  line: '#4a5563',
  frame: '#aab4c0',
  block: '#f7f9fb',
} as const;

const tones: Readonly<Record<Tone, { readonly fill: string; readonly stroke: string }>> = {
  conv: { fill: '#dbe9f8', stroke: '#4179b0' },
  pool: { fill: '#fde6cf', stroke: '#c8802f' },
  dense: { fill: '#dff0db', stroke: '#4f9245' },
  norm: { fill: '#ece8f6', stroke: '#7d6bb3' },
  other: { fill: '#f0f1f3', stroke: '#8a929c' },
};

export const text = (
  content: string,
  at: Point,
  options: {
    readonly size?: number;
    readonly fill?: string;
    readonly anchor?: string;
    readonly weight?: string;
  } = {},
): string =>
  element(
    'text',
    {
      ...{ x: at.x, y: at.y, 'font-size': options.size ?? sizes.text },
      ...{ fill: options.fill ?? colours.text, 'text-anchor': options.anchor ?? 'middle' },
      ...(options.weight === undefined ? {} : { 'font-weight': options.weight }),
    },
    escapeText(content),
  );

/** A line through points, with an arrow at its end if asked. */
export function line(points: readonly Point[], arrow: boolean): string {
  const end = points.at(-1)!;
  const path = element('path', {
    ...{ d: roundedPath(points, 7), fill: 'none', stroke: colours.line, 'stroke-width': 1.2 },
  });
  if (!arrow) return path;
  const before = points.at(-2)!;
  const [dx, dy] = [Math.sign(end.x - before.x), Math.sign(end.y - before.y)];
  const [x, y] = [end.x - 6 * dx, end.y - 6 * dy];
  const d = `M${end.x},${end.y}L${x - 3.2 * dy},${y - 3.2 * dx}L${x + 3.2 * dy},${y + 3.2 * dx}Z`;
  return path + element('path', { d, fill: colours.line });
}

/** What is written into a box. */
const wordsOf = ({ label, notes, tone }: Unit): readonly [string, string] =>
  tone === 'norm' ? [[label, ...notes].join(', '), ''] : [label, notes.join(', ')];

const BOX_PADDING = 10;

function boxWidth(unit: Unit): number {
  const [label, note] = wordsOf(unit);
  return Math.max(textWidth(label, sizes.text), textWidth(note, sizes.note)) + 2 * BOX_PADDING;
}

/** A rounded box with a text, and a smaller one below it. */
export function boxPiece(
  label: string,
  note: string,
  tone: Tone,
  width: number,
  corner: number,
): Piece {
  const height = note === '' ? 24 : 36;
  return {
    ...{ left: width / 2, right: width / 2, height, isSolid: true },
    draw({ x, y }) {
      const shape = { x: x - width / 2, y, width, height, rx: corner };
      const at = (down: number) => ({ x, y: y + down });
      return (
        element('rect', { ...shape, ...tones[tone], 'stroke-width': 1 }) +
        text(label, at(16)) +
        (note === '' ? '' : text(note, at(29), { size: sizes.note, fill: colours.faint }))
      );
    },
  };
}

function unitPiece(unit: Unit, width: number): Piece {
  const [label, note] = wordsOf(unit);
  return boxPiece(label, note, unit.tone, width, sizes.corner);
}

/** Pieces one below the other, with arrows between them. */
export function stack(pieces: readonly Piece[]): Piece {
  const gaps = sizes.gap * Math.max(0, pieces.length - 1);
  return {
    left: Math.max(0, ...pieces.map(({ left }) => left)),
    right: Math.max(0, ...pieces.map(({ right }) => right)),
    height: pieces.reduce((sum, { height }) => sum + height, gaps),
    isSolid: pieces[0]?.isSolid ?? false,
    draw({ x, y }) {
      let at = y;
      return pieces
        .map((piece, i) => {
          const start = at;
          at += piece.height;
          const next = pieces[i + 1];
          const drawn = piece.draw({ x, y: start });
          if (next === undefined) return drawn;
          const ends = [
            { x, y: at },
            { x, y: at + sizes.gap },
          ];
          at += sizes.gap;
          return drawn + line(ends, next.isSolid);
        })
        .join('');
    },
  };
}

/** Widest box outside of paths that stand side by side, so that those on the spine are alike. */
export function spineWidth(items: readonly Item[]): number {
  const widths = items.map((item) => {
    if (item.kind === 'box') return boxWidth(item.unit);
    if (item.kind === 'group') return spineWidth(item.items);
    return isFan(item) ? 0 : spineWidth(item.branches.find((branch) => branch.length > 0) ?? []);
  });
  return Math.max(0, ...widths);
}

/** Whether paths spread evenly to both sides; otherwise the first one stays on the spine. */
const isFan = ({ branches, join }: PathsItem): boolean =>
  join?.label !== '+' && branches.filter((branch) => branch.length > 0).length > 1;

/** @param width of the boxes on the spine */
export function pieceOf(item: Item, width: number): Piece {
  switch (item.kind) {
    case 'box':
      return unitPiece(item.unit, width);
    case 'group':
      return groupPiece(item, width);
    case 'paths':
      return pathsPiece(item, width);
  }
}

const chainPiece = (items: readonly Item[], width: number): Piece =>
  stack(items.map((item) => pieceOf(item, width)));

const HEADING = 22;

/** A frame around a block, with its name, or around what repeats, with the number of times. */
function groupPiece({ title, keys, times, items }: GroupItem, width: number): Piece {
  const inner = chainPiece(items, width);
  const isBlock = title !== '';
  const key = keys[0] === keys[1] ? keys[0] : `${keys[0]} … ${keys[1].split('.').at(-1)}`;
  const lead = inner.isSolid ? 10 : 0;
  const [above, below, beside] = isBlock ? [HEADING + lead, 12, 12] : [lead, 9, 9];
  const words = isBlock ? [textWidth(title, 11) + 12, textWidth(key, sizes.note) + 12] : [0, 0];
  const left = Math.max(inner.left + beside, words[0]!);
  const right = Math.max(inner.right + beside, words[1]!);
  const count = times === 1 ? '' : `×${times}`;
  const height = above + inner.height + below;
  // A second frame looks out from below the first one.
  const more = count !== '' && isBlock ? 4 : 0;
  return {
    left,
    right: right + (count === '' ? 0 : 10 + textWidth(count, 15)),
    height: height + more,
    isSolid: false,
    draw({ x, y }) {
      const shape = { x: x - left, width: left + right, height, rx: 8, stroke: colours.frame };
      const frame = { ...shape, y, fill: isBlock ? colours.block : 'none', 'stroke-width': 1 };
      const inside = { x, y: y + above };
      const bottom = inside.y + inner.height;
      const heading = isBlock
        ? text(
            title,
            { x: x - left + 8, y: y + 15 },
            { size: 11, anchor: 'start', weight: '600' },
          ) +
          text(
            key,
            { x: x + right - 8, y: y + 15 },
            {
              ...{ size: sizes.note, fill: colours.faint, anchor: 'end' },
            },
          )
        : '';
      return [
        more === 0
          ? ''
          : element('rect', { ...frame, x: x - left + more, y: y + more, fill: 'white' }),
        element('rect', isBlock ? frame : { ...frame, 'stroke-dasharray': '4 3' }),
        heading,
        count === ''
          ? ''
          : text(
              count,
              { x: x + right + 9, y: y + height / 2 + 5 },
              {
                ...{ size: 15, anchor: 'start', weight: '600' },
              },
            ),
        line([{ x, y }, inside], inner.isSolid),
        inner.draw(inside),
        line(
          [
            { x, y: bottom },
            { x, y: y + height + more },
          ],
          false,
        ),
      ].join('');
    },
  };
}

const BESIDE = 16;
const SPLIT = 8;
const JOIN = 20;

function pathsPiece(item: PathsItem, width: number): Piece {
  const full = item.branches.filter((branch) => branch.length > 0);
  const fan = isFan(item);
  const pieces = full.map((branch, i) =>
    chainPiece(branch, fan || i > 0 ? spineWidth(branch) : width),
  );
  const shortcut = full.length < item.branches.length;
  const tallest = Math.max(...pieces.map(({ height }) => height));
  // Where each path runs, counted from the spine.
  const places: number[] = [];
  let edge = 0;
  for (const { left, right } of pieces) {
    places.push(places.length === 0 ? 0 : edge + BESIDE + left);
    edge = places.at(-1)! + right;
  }
  const middle = fan ? (edge - pieces[0]!.left) / 2 : 0;
  const offsets = places.map((place) => place - middle);
  const left = pieces[0]!.left - offsets[0]!;
  const right = edge - middle;
  const bypass = right + BESIDE;
  const above = sizes.gap + SPLIT;
  const joinHeight = item.join === undefined ? 0 : JOIN;
  const height = above + tallest + sizes.gap + joinHeight;
  return {
    left,
    right: shortcut ? bypass + 2 : right,
    height,
    isSolid: false,
    draw({ x, y }) {
      const bar = [Math.min(...offsets), Math.max(...offsets)] as const;
      const mark = joinMark(item.join, fan ? bar : [0, 0], { x, y: y + height - joinHeight });
      const drawn = pieces.map((piece, i) => {
        const at = x + offsets[i]!;
        const top = { x: at, y: y + above + (tallest - piece.height) / 2 };
        const bottom = { x: at, y: top.y + piece.height };
        const split = [{ x, y }, { x, y: y + SPLIT }, { x: at, y: y + SPLIT }, top];
        const into = fan || i === 0;
        return [
          line(at === x ? [{ x, y }, top] : split, piece.isSolid),
          piece.draw(top),
          into
            ? line([bottom, { x: at, y: mark.top }], item.join !== undefined)
            : line([bottom, { x: at, y: mark.middle }, { x: mark.side, y: mark.middle }], true),
        ].join('');
      });
      const around = [
        { x, y: y + SPLIT },
        { x: x + bypass, y: y + SPLIT },
        { x: x + bypass, y: mark.middle },
        { x: mark.side, y: mark.middle },
      ];
      return [...drawn, shortcut ? line(around, true) : '', mark.markup].join('');
    },
  };
}

interface Mark {
  readonly markup: string;
  readonly top: number;
  readonly middle: number;
  /** Its right edge. */
  readonly side: number;
}

/** Where paths meet: a circle with a sign, or a bar with a word that spans them. */
function joinMark(join: Unit | undefined, [from, to]: readonly [number, number], at: Point): Mark {
  const { x, y } = at;
  if (join === undefined) return { markup: '', top: y, middle: y, side: x };
  const middle = y + JOIN / 2;
  if (join.label.length === 1) {
    const [r, arm] = [JOIN / 2 - 1, JOIN / 2 - 4.5];
    const strokes =
      join.label === '+'
        ? `M${x - arm},${middle}H${x + arm}M${x},${middle - arm}V${middle + arm}`
        : `M${x - arm * 0.7},${middle - arm * 0.7}L${x + arm * 0.7},${middle + arm * 0.7}M${x - arm * 0.7},${middle + arm * 0.7}L${x + arm * 0.7},${middle - arm * 0.7}`;
    const stroke = { stroke: colours.line, 'stroke-width': 1.3 };
    const markup =
      element('circle', { cx: x, cy: middle, r, fill: 'white', ...stroke }) +
      element('path', { d: strokes, fill: 'none', ...stroke });
    return { markup, top: y + 1, middle, side: x + r };
  }
  const needed = textWidth(join.label, 11) + 20;
  const half = Math.max(needed / 2, to + 14, 14 - from);
  const shape = { x: x - half, y, width: 2 * half, height: JOIN, rx: JOIN / 2 };
  const markup =
    element('rect', { ...shape, fill: 'white', stroke: colours.line, 'stroke-width': 1.2 }) +
    text(join.label, { x, y: y + 14 }, { size: 11 });
  return { markup, top: y, middle, side: x + half };
}
