import { keptShape } from '../../ops/sum.ts';
import type { ReferenceKernel } from './kernel.ts';
import { broadcastOffsets, eachLine, type Value } from './value.ts';

/** Combines the elements of x that fall on one element of y, over `axes`. */
function reduce(
  x: Value,
  axes: readonly number[],
  y: Value,
  start: number,
  combine: (total: number, value: number) => number,
) {
  y.data.fill(start);
  const offsets = broadcastOffsets(keptShape(x.shape, axes), x.shape);
  x.data.forEach((value, i) => {
    y.data[offsets[i]!] = combine(y.data[offsets[i]!]!, value);
  });
}

export const sum: ReferenceKernel<'sum'> = ({ x }, { axes }, y) =>
  reduce(x, axes, y, 0, (total, value) => total + value);

export const max: ReferenceKernel<'max'> = ({ x }, { axes }, y) =>
  reduce(x, axes, y, Number.NEGATIVE_INFINITY, Math.max);

export const min: ReferenceKernel<'min'> = ({ x }, { axes }, y) =>
  reduce(x, axes, y, Number.POSITIVE_INFINITY, Math.min);

export const argmax: ReferenceKernel<'argmax'> = ({ x }, { axis }, y) =>
  eachLine(x.shape, axis, (start, stride, line) => {
    let best = 0;
    for (let k = 1; k < x.shape[axis]!; k++) {
      if (x.data[start + k * stride]! > x.data[start + best * stride]!) best = k;
    }
    y.data[line] = best;
  });

export const topK: ReferenceKernel<'topK'> = ({ x }, { k }, { values, indices }) =>
  eachLine(x.shape, x.shape.length - 1, (start, _stride, line) => {
    const row = x.data.subarray(start, start + x.shape.at(-1)!);
    const order = Array.from(row.keys()).sort((i, j) => row[j]! - row[i]! || i - j);
    for (let i = 0; i < k; i++) {
      values.data[line * k + i] = row[order[i]!]!;
      indices.data[line * k + i] = order[i]!;
    }
  });
