import { type DType, type Shape, sizeOf, stridesOf, type TensorType } from '../../graph/index.ts';

/** A tensor with its numbers: float64 whatever the dtype, row-major. */
export interface Value extends TensorType {
  readonly data: Float64Array;
}

export const zeros = ({ shape, dtype }: TensorType): Value => ({
  shape,
  dtype,
  data: new Float64Array(sizeOf(shape)),
});

/** What storing a number as `dtype` leaves of it. Floating-point numbers keep all their bits. */
export function stored(value: number, dtype: DType): number {
  if (dtype === 'int32') return Math.trunc(value) | 0;
  if (dtype === 'uint8') return Math.trunc(value) & 255;
  if (dtype === 'bool') return Number(value !== 0);
  return value;
}

/** Visits every position of `shape` in row-major order. `index` is reused between visits. */
export function eachIndex(shape: Shape, visit: (index: readonly number[], i: number) => void) {
  const index = shape.map(() => 0);
  const count = sizeOf(shape);
  for (let i = 0; i < count; i++) {
    visit(index, i);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis]!++;
      if (index[axis]! < shape[axis]!) break;
      index[axis] = 0;
    }
  }
}

/** For each element of shape `to`, the element of shape `from` that broadcasting puts there. */
export function broadcastOffsets(from: Shape, to: Shape): Float64Array {
  const offsets = new Float64Array(sizeOf(to));
  const strides = stridesOf(from).map((stride, axis) => (from[axis] === 1 ? 0 : stride));
  const extra = to.length - from.length;
  eachIndex(to, (index, i) => {
    offsets[i] = strides.reduce((sum, stride, axis) => sum + stride * index[axis + extra]!, 0);
  });
  return offsets;
}

/** Visits every line along `axis`; element k of a line is element `start + k·stride` of the data. */
export function eachLine(
  shape: Shape,
  axis: number,
  visit: (start: number, stride: number, line: number) => void,
) {
  const stride = sizeOf(shape.slice(axis + 1));
  const outer = sizeOf(shape.slice(0, axis));
  for (let i = 0; i < outer; i++) {
    for (let j = 0; j < stride; j++) {
      visit(i * shape[axis]! * stride + j, stride, i * stride + j);
    }
  }
}
