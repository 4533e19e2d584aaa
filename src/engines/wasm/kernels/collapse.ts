import { type Shape, stridesOf } from '../../../graph/index.ts';

/** A loop nest: its sizes, and for each tensor the elements to go on at each of its levels. */
export interface Nest {
  readonly sizes: readonly number[];
  readonly strides: readonly (readonly number[])[];
}

/** Fewer levels with the same effect: without sizes of 1, neighbours joined wherever all tensors allow it. */
export function collapse({ sizes, strides }: Nest): Nest {
  const kept: number[] = [];
  const steps: number[][] = strides.map(() => []);
  sizes.forEach((size, axis) => {
    if (size === 1) return;
    const joins =
      kept.length > 0 && strides.every((list, i) => steps[i]!.at(-1) === list[axis]! * size);
    if (joins) {
      kept[kept.length - 1]! *= size;
      strides.forEach((list, i) => {
        steps[i]![kept.length - 1] = list[axis]!;
      });
    } else {
      kept.push(size);
      strides.forEach((list, i) => {
        steps[i]!.push(list[axis]!);
      });
    }
  });
  return { sizes: kept, strides: steps };
}

/** Strides of a dense tensor as it is read to fill `to`: 0 along the axes that broadcasting adds or stretches. */
export function broadcastStrides(from: Shape, to: Shape): number[] {
  const extra = to.length - from.length;
  const own = stridesOf(from);
  return to.map((size, axis) =>
    axis < extra || (from[axis - extra] === 1 && size !== 1) ? 0 : own[axis - extra]!,
  );
}

/** The same nest with levels of size 1 in front, up to `rank` levels. */
export function padRank({ sizes, strides }: Nest, rank: number): Nest {
  const missing = new Array<number>(Math.max(0, rank - sizes.length));
  return {
    sizes: [...missing.fill(1), ...sizes],
    strides: strides.map((list) => [...missing.fill(0), ...list]),
  };
}
