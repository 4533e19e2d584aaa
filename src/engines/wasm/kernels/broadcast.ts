import { type Shape, sizeOf, stridesOf } from '../../../graph/index.ts';
import type { Call, Operand, Place } from '../kernel.ts';
import { broadcastStrides, collapse, padRank } from './collapse.ts';
import { copyBroadcast } from './copy.ts';
import { type AnyRequest, call, count, elementBytes } from './support.ts';

/** Levels that the WASM functions loop over: [*, middle, inner]. */
const LEVELS = 3;

interface Source {
  readonly place: Place;
  readonly strides: readonly number[];
}

/**
 * An element-wise function of operands that broadcast to y. Its arguments are the operands, y, y's
 * count, the middle and the inner size, then three strides for each operand.
 */
export function broadcastCall(
  op: string,
  name: string,
  inputs: readonly Operand[],
  y: Operand,
  scratch: AnyRequest['scratch'],
): Call[] {
  if (count(y) === 0) return [];
  const dense = stridesOf(y.shape);
  const sources: Source[] = inputs.map(({ place, shape }) => ({
    place,
    strides: broadcastStrides(shape, y.shape),
  }));
  const levels = (list: readonly Source[]) =>
    collapse({ sizes: y.shape, strides: [...list.map(({ strides }) => strides), dense] });

  const calls: Call[] = [];
  let nest = levels(sources);
  if (nest.sizes.length > LEVELS) {
    // Operands that stretch in a more complicated way are written out first.
    inputs.forEach((input, i) => {
      if (sizeOf(input.shape) === count(y) || sizeOf(input.shape) === 1) return;
      const place = scratch(count(y) * elementBytes(input));
      calls.push(...copyBroadcast(op, input, place, y.shape as Shape));
      sources[i] = { place, strides: dense };
    });
    nest = levels(sources);
  }
  const { sizes, strides } = padRank(nest, LEVELS);
  const steps = strides.slice(0, -1).flat();
  const places = sources.map(({ place }) => place);
  return [...calls, call(name, ...places, y, count(y), sizes[1]!, sizes[2]!, ...steps)];
}
