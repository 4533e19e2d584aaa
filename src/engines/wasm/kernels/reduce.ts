import type { Shape } from '../../../graph/index.ts';
import type { Call, Kernel, KernelRequest, Place } from '../kernel.ts';
import { copyAll } from './copy.ts';
import { aroundAxis, bitsOf, call, count, suffixOf } from './support.ts';

interface Group {
  size: number;
  readonly reduced: boolean;
}

/** Neighbouring axes that are all reduced or all kept, as one. */
function groupAxes(shape: Shape, axes: readonly number[]): Group[] {
  const groups: Group[] = [];
  shape.forEach((size, axis) => {
    if (size === 1) return;
    const reduced = axes.includes(axis);
    const last = groups.at(-1);
    if (last?.reduced === reduced) last.size *= size;
    else groups.push({ size, reduced });
  });
  return groups;
}

/** What nothing reduces to. */
const identity = { sum: 0, max: Number.NEGATIVE_INFINITY, min: Number.POSITIVE_INFINITY } as const;

/** Rows shorter than this are reduced in one go. */
const LONG_ROW = 8192;
/** With this many results at once, all threads have enough to do. */
const MANY_RESULTS = 64;
/** Columns longer than this are cut, so that no float32 sum has too many terms. */
const LONG_COLUMN = 1024;
const COLUMN_CHUNK = 512;

/** How much of [outer, size, inner] to reduce at once. Depends on the problem alone, never on threads. */
function chunkOf(outer: number, size: number, inner: number): number {
  if (inner > 1) return size > LONG_COLUMN ? COLUMN_CHUNK : size;
  if (size <= LONG_ROW || outer >= MANY_RESULTS) return size;
  return Math.max(LONG_ROW / 4, Math.ceil(size / MANY_RESULTS / 16) * 16);
}

const reduction =
  (op: 'sum' | 'max' | 'min') =>
  ({ attrs, inputs, outputs, scratch }: KernelRequest<{ axes: readonly number[] }>): Call[] => {
    const x = inputs[0]!;
    const y = outputs[0]!;
    if (count(y) === 0) return [];
    const suffix = suffixOf(op, x, ['float32', 'int32']);
    if (count(x) === 0) {
      return [call('fillBytes', y, 4 * count(y), bitsOf(identity[op], y.dtype))];
    }
    const groups = groupAxes(x.shape, attrs.axes);
    if (!groups.some(({ reduced }) => reduced)) return copyAll(op, x, y.place);

    const calls: Call[] = [];
    let from: Place = x.place;
    // From the innermost reduced axes outwards, long ones in several rounds.
    for (;;) {
      const at = groups.findLastIndex(({ reduced }) => reduced);
      const sizes = groups.map(({ size }) => size);
      const { outer, size, inner } = aroundAxis(sizes, at);
      const chunk = chunkOf(outer, size, inner);
      const chunks = Math.ceil(size / chunk);
      if (chunks > 1) groups[at]!.size = chunks;
      else groups.splice(at, 1);
      const isLast = !groups.some(({ reduced }) => reduced);
      const to = isLast ? y.place : scratch(4 * outer * chunks * inner);
      calls.push(
        inner === 1
          ? call(`${op}Rows${suffix}`, from, to, outer, size, chunk)
          : call(`${op}Columns${suffix}`, from, to, outer, size, inner, chunk),
      );
      if (isLast) return calls;
      from = to;
    }
  };

export const sum: Kernel<'sum'> = reduction('sum');
export const max: Kernel<'max'> = reduction('max');
export const min: Kernel<'min'> = reduction('min');

export const argmax: Kernel<'argmax'> = ({ attrs, inputs, outputs }) => {
  const x = inputs[0]!;
  const suffix = suffixOf('argmax', x, ['float32', 'int32', 'uint8', 'bool']);
  const { outer, size, inner } = aroundAxis(x.shape, attrs.axis);
  return [call(`argmax${suffix}`, x, outputs[0]!, outer, size, inner)];
};
