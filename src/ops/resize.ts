import { constant, shapeError, type Tensor } from '../graph/index.ts';
import { gather } from './indexing.ts';
import { matmul } from './matmul.ts';
import { type Pair, pair } from './window.ts';

const sizesOf = (op: string, x: Tensor, size: number | Pair): [Pair, Pair] => {
  if (x.shape.length !== 4) throw shapeError(op, 'x needs four axes', { x });
  return [[x.shape[2]!, x.shape[3]!], pair(op, 'size', size, 1)];
};

/** Repeats or drops pixels of x [n, c, h, w]: output pixel i is input pixel ⌊i·h/size⌋. */
export function resizeNearest(x: Tensor, { size }: { readonly size: number | Pair }): Tensor {
  const [from, to] = sizesOf('resizeNearest', x, size);
  const indices = (axis: 0 | 1) =>
    constant(
      Int32Array.from({ length: to[axis] }, (_, i) => Math.floor((i * from[axis]) / to[axis])),
      [to[axis]],
      'int32',
    );
  return gather(gather(x, indices(0), { axis: 2 }), indices(1), { axis: 3 });
}

/** [to, from] matrix of linear interpolation weights. */
function interpolationMatrix(from: number, to: number, alignCorners: boolean): Tensor {
  const data = new Float32Array(to * from);
  for (let i = 0; i < to; i++) {
    const centre = alignCorners
      ? to === 1
        ? 0
        : (i * (from - 1)) / (to - 1)
      : Math.max(((i + 0.5) * from) / to - 0.5, 0);
    const low = Math.min(Math.floor(centre), from - 1);
    const high = Math.min(low + 1, from - 1);
    const weight = centre - low;
    data[i * from + low]! += 1 - weight;
    data[i * from + high]! += weight;
  }
  return constant(data, [to, from]);
}

/**
 * Interpolates x [n, c, h, w] linearly along both axes, without antialiasing. Interpolation is
 * linear and separates, so it is one small matrix for each axis.
 */
export function resizeBilinear(
  x: Tensor,
  { size, alignCorners = false }: { readonly size: number | Pair; readonly alignCorners?: boolean },
): Tensor {
  const [from, to] = sizesOf('resizeBilinear', x, size);
  const across = matmul(x, interpolationMatrix(from[1], to[1], alignCorners), { transposeB: true });
  return matmul(interpolationMatrix(from[0], to[0], alignCorners), across);
}
