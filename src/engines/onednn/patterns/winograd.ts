import type { Instruction } from '../../../graph/index.ts';
import type { AttrsOf } from '../../../ops/primitives.ts';
import type { Draft } from '../steps.ts';

/**
 * Time of F(4×4, 3×3) in units of the 36 products that each tile of 4×4 pixels needs per pair of
 * channels, by fits to oneDNN 2.6 on AVX-512: `products` for these, `transforms` for those of pixels,
 * which all channels of the other side share, `weights` for those of the weights, which all tiles share.
 */
interface Costs {
  readonly products: number;
  readonly transforms: number;
  readonly weights: number;
}

const training: Costs = { products: 1.4, transforms: 20, weights: 57 };
const costs: Readonly<Record<string, Costs>> = {
  conv2d: training,
  conv2dInputGrad: training,
  conv2dWeightGrad: { products: 1.4, transforms: 70, weights: 20 },
};
/** Weights that do not change are transformed when the program is compiled. */
const inference: Costs = { ...training, weights: 0 };

/** Must be faster by so much, for it needs memory and rounds a little more. */
const WORTH = 1.05;
/** Bytes that the transformed pixels may take. */
const MEMORY = 2 ** 29;

/**
 * Whether Winograd's algorithm (Lavin and Gray 2016) applies to a convolution or a gradient of one, and
 * pays. Where the library has no such kernel, it takes the direct one all the same.
 */
export function prefersWinograd(draft: Draft, conv: Instruction, isTraining: boolean): boolean {
  const { op, inputs, outputs } = conv;
  const { stride, padding, dilation, groups } = conv.attrs as unknown as AttrsOf<'conv2d'>;
  const [first, second] = inputs as readonly [number, number];
  const [result] = outputs as readonly [number];
  const w = op === 'conv2dWeightGrad' ? result : second;
  const y = op === 'conv2d' ? result : op === 'conv2dWeightGrad' ? second : first;
  const [o, c, kh, kw] = draft.shape(w) as readonly [number, number, number, number];
  const [n, , height, width] = draft.shape(y) as readonly [number, number, number, number];
  const units = [...stride, ...dilation, groups];
  if (kh !== 3 || kw !== 3 || units.some((unit) => unit !== 1)) return false;
  if (padding.some((side) => side > 1) || draft.types[w]!.dtype !== 'float32') return false;
  if (Math.min(o, c) < 16) return false;
  const tiles = n * Math.ceil(height / 4) * Math.ceil(width / 4);
  if (4 * 36 * tiles * (o + c) > MEMORY) return false;
  const { products, transforms, weights } = isTraining ? costs[op]! : inference;
  const direct = (9 * n * height * width) / (36 * tiles);
  return direct > WORTH * (products + transforms * (1 / o + 1 / c) + weights / tiles);
}
