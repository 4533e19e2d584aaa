import { DTypeError, ShapeError } from './errors.ts';
import { currentPath } from './scope.ts';
import type { DType, Shape, TensorType } from './tensor.ts';

export const sizeOf = (shape: Shape): number => shape.reduce((a, b) => a * b, 1);

export const sameShape = (a: Shape, b: Shape): boolean =>
  a.length === b.length && a.every((size, i) => size === b[i]);

export const bytesPerElement: Readonly<Record<DType, number>> = {
  float32: 4,
  bfloat16: 2,
  int32: 4,
  uint8: 1,
  bool: 1,
};

export const byteSize = ({ shape, dtype }: TensorType): number =>
  sizeOf(shape) * bytesPerElement[dtype];

/** Row-major strides in elements. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length).fill(1);
  for (let i = shape.length - 2; i >= 0; i--) strides[i] = strides[i + 1]! * shape[i + 1]!;
  return strides;
}

function show(value: unknown): string {
  if (Array.isArray(value)) return `[${value.join(', ')}]`;
  if (typeof value === 'object' && value !== null && 'shape' in value) {
    return show((value as TensorType).shape);
  }
  return String(value);
}

const place = (): string => (currentPath().length === 0 ? '' : ` in ${currentPath().join(' › ')}`);

const sentence = (op: string, rule: string, values: Record<string, unknown>): string => {
  const shown = Object.entries(values).map(([name, value]) => `${name} is ${show(value)}`);
  return `${op}: ${rule}${shown.length === 0 ? '' : ` (${shown.join(', ')})`}${place()}`;
};

/** `conv2d: x channels must equal w[1] × groups (x is [2, 4], w is [4, 3]) in resnet18 › conv1`. */
export const shapeError = (op: string, rule: string, values: Record<string, unknown> = {}) =>
  new ShapeError(sentence(op, rule, values));

export const dtypeError = (op: string, rule: string, types: Record<string, TensorType>) =>
  new DTypeError(
    sentence(
      op,
      rule,
      Object.fromEntries(Object.entries(types).map(([name, type]) => [name, type.dtype])),
    ),
  );

/** NumPy's broadcasting rule: axes align at the right, and a size of 1 stretches. */
export function broadcastShapes(op: string, shapes: Record<string, Shape>): number[] {
  const lists = Object.values(shapes);
  const rank = Math.max(...lists.map((shape) => shape.length));
  return Array.from({ length: rank }, (_, i) => {
    let size = 1;
    for (const shape of lists) {
      const own = shape[i - rank + shape.length] ?? 1;
      if (own === 1 || own === size) continue;
      if (size !== 1) throw shapeError(op, 'shapes must be equal or 1 on every axis', shapes);
      size = own;
    }
    return size;
  });
}

/** Turns negative axes into positive ones and checks the range. */
export function normalizeAxis(op: string, axis: number, rank: number): number {
  const positive = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(axis) || positive < 0 || positive >= rank) {
    throw shapeError(op, `axis must be an integer from ${-rank} to ${rank - 1}`, { axis });
  }
  return positive;
}

/** Sorted, distinct, non-negative axes; every axis when none is named. */
export function normalizeAxes(op: string, axes: readonly number[] | undefined, rank: number) {
  if (axes === undefined) return Array.from({ length: rank }, (_, i) => i);
  const all = axes.map((axis) => normalizeAxis(op, axis, rank)).sort((a, b) => a - b);
  if (new Set(all).size !== all.length) throw shapeError(op, 'axes must be distinct', { axes });
  return all;
}
