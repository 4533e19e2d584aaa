import { bytesPerElement, type DType, type Shape, stridesOf } from '../../../graph/index.ts';
import type { Call, Operand, Place } from '../kernel.ts';
import { broadcastStrides, collapse, type Nest, padRank } from './collapse.ts';
import { beyond, call, count, elementBytes, only } from './support.ts';

const dtypes: readonly DType[] = ['float32', 'int32', 'uint8', 'bool'];

/** Levels that the WASM function loops over; more of them are rare and become several calls. */
const LEVELS = 5;

/** Copies all of x to a place, element by element in order. */
export function copyAll(op: string, x: Operand, to: Place): Call[] {
  only(op, dtypes, x);
  return [call('copyBytes', x, to, count(x) * elementBytes(x))];
}

/**
 * Copies between two places that each have their own strides, in elements: `nest.strides` holds
 * those of `from`, then those of `to`.
 */
export function copyNest(op: string, dtype: DType, from: Place, to: Place, nest: Nest): Call[] {
  only(op, dtypes, { dtype } as Operand);
  const bytes = bytesPerElement[dtype];
  const { sizes, strides } = reorder(collapse(nest));
  const [source, target] = strides as [number[], number[]];
  if (sizes.length <= 1 && (source[0] ?? 1) === 1 && (target[0] ?? 1) === 1) {
    return [call('copyBytes', from, to, (sizes[0] ?? 1) * bytes)];
  }
  if (sizes.length > LEVELS) {
    return Array.from({ length: sizes[0]! }, (_, i) =>
      copyNest(
        op,
        dtype,
        beyond(from, i * source[0]! * bytes),
        beyond(to, i * target[0]! * bytes),
        { sizes: sizes.slice(1), strides: [source.slice(1), target.slice(1)] },
      ),
    ).flat();
  }
  const full = padRank({ sizes, strides }, LEVELS);
  return [
    call(
      `copyBlock${8 * bytes}`,
      from,
      to,
      ...full.sizes,
      ...full.strides[0]!,
      ...full.strides[1]!,
    ),
  ];
}

/** Puts the level that is contiguous in the target last, and before it the one contiguous in the source. */
function reorder({ sizes, strides }: Nest): Nest {
  const [source, target] = strides as [number[], number[]];
  const order = sizes.map((_, axis) => axis);
  const moveLast = (axis: number) => {
    if (axis >= 0) order.push(...order.splice(order.indexOf(axis), 1));
  };
  moveLast(source.indexOf(1));
  moveLast(target.indexOf(1));
  return {
    sizes: order.map((axis) => sizes[axis]!),
    strides: strides.map((list) => order.map((axis) => list[axis]!)),
  };
}

/** Writes x, broadcast to a shape, densely to a place. */
export const copyBroadcast = (op: string, x: Operand, to: Place, shape: Shape): Call[] =>
  copyNest(op, x.dtype, x.place, to, {
    sizes: shape,
    strides: [broadcastStrides(x.shape, shape), stridesOf(shape)],
  });
