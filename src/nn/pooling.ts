import {
  adaptiveAvgPool2d,
  adaptiveMaxPool2d,
  avgPool2d,
  maxPool2d,
  type Pair,
  type Quad,
} from '../ops/index.ts';
import { layer } from './layer.ts';

// Layers without parameters. Those without settings (relu, flatten, globalAvgPool) are plain
// functions and serve as parts as they are.
export { flatten, globalAvgPool2d as globalAvgPool } from '../ops/index.ts';

export interface PoolOptions {
  /** The kernel by default. */
  readonly stride?: number | Pair;
  readonly padding?: number | Pair | Quad;
  /** Whether a last window that hangs over the edge counts; false by default. */
  readonly ceilMode?: boolean;
}

/** The largest element of each window of [n, c, h, w]. */
export const maxPool = (kernel: number | Pair, options: PoolOptions = {}) =>
  layer('maxPool', {}, (_l, x) => maxPool2d(x, { kernel, ...options }));

/**
 * The mean of each window of [n, c, h, w].
 *
 * @param options.countIncludePad whether padding counts as zeros; true by default
 */
export const avgPool = (
  kernel: number | Pair,
  options: PoolOptions & { readonly countIncludePad?: boolean } = {},
) => layer('avgPool', {}, (_l, x) => avgPool2d(x, { kernel, ...options }));

/** Means over windows that cover the image evenly: [n, c, h, w] to [n, c, ...size]. */
export const adaptiveAvgPool = (size: number | Pair) =>
  layer('adaptiveAvgPool', {}, (_l, x) => adaptiveAvgPool2d(x, size));

/** Largest elements of windows that cover the image evenly: [n, c, h, w] to [n, c, ...size]. */
export const adaptiveMaxPool = (size: number | Pair) =>
  layer('adaptiveMaxPool', {}, (_l, x) => adaptiveMaxPool2d(x, size));
