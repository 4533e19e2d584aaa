import { input, type Shape, ShapeError, shapeError, sizeOf, type Tensor } from '../graph/index.ts';
import { type Bound, layer, type Parts } from '../nn/index.ts';

/** Sides beyond this are not tried. */
const LARGEST = 1024;

/** The smallest image side above `side`, which is too small, at which `trace` finds no misfit. */
function smallestSide(side: number, trace: (side: number) => unknown): number | undefined {
  const works = (candidate: number): boolean => {
    try {
      trace(candidate);
      return true;
    } catch (error) {
      if (error instanceof ShapeError) return false;
      throw error;
    }
  };
  let [low, high] = [side, Math.max(2 * side, 8)];
  while (!works(high)) {
    if (high >= LARGEST) return undefined;
    [low, high] = [high, Math.min(2 * high, LARGEST)];
  }
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (works(middle)) high = middle;
    else low = middle;
  }
  return high;
}

/**
 * A layer that is a whole net for images [n, c, h, w] of any size. To an image too small for it, it
 * says which size is the smallest that works.
 */
export const network = <const P extends Parts, Y = Tensor>(
  name: string,
  parts: P,
  forward: (l: Bound<P>, x: Tensor) => Y,
) =>
  layer(name, parts, (l, x): Y => {
    try {
      return forward(l, x);
    } catch (error) {
      const [, channels, height, width] = x.shape;
      if (!(error instanceof ShapeError) || height === undefined || width === undefined)
        throw error;
      const smallest = smallestSide(Math.min(height, width), (side) =>
        forward(l, input('x', [1, channels!, side, side])),
      );
      if (smallest === undefined) throw error;
      throw shapeError(name, tooSmall(smallest), { x });
    }
  });

const tooSmall = (smallest: number): string =>
  `the images are too small; the smallest that work are ${smallest} × ${smallest}`;

/**
 * The shape [c, h, w] that `features` gives for images [channels, size, size], for nets whose dense
 * layers need to know.
 *
 * @throws ShapeError when the images are too small, with the smallest size that works
 */
export function featureShape(
  name: string,
  features: (x: Tensor) => Tensor,
  { channels, size }: { readonly channels: number; readonly size: number },
): Shape {
  const trace = (side: number) => features(input('x', [1, channels, side, side])).shape.slice(1);
  try {
    return trace(size);
  } catch (error) {
    const smallest = error instanceof ShapeError ? smallestSide(size, trace) : undefined;
    if (smallest === undefined) throw error;
    throw shapeError(name, tooSmall(smallest), { size });
  }
}

/** How many numbers `featureShape` holds. */
export const featureCount = (...args: Parameters<typeof featureShape>): number =>
  sizeOf(featureShape(...args));

/**
 * A width divided by a ratio.
 *
 * @throws ShapeError when nothing whole is left
 */
export function narrowed(name: string, width: number, ratio: number): number {
  const result = width / ratio;
  if (!Number.isInteger(result) || result < 1) {
    throw shapeError(name, 'ratio must divide the channels of every layer', { width, ratio });
  }
  return result;
}
