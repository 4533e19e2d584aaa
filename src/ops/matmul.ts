import {
  broadcastShapes,
  defineOp,
  dtypeError,
  type Grads,
  type Inputs,
  shapeError,
  sizeOf,
  type Tensor,
} from '../graph/index.ts';
import { unbroadcast } from './elementwise.ts';

type AB = Inputs<['a', 'b']>;
interface Attrs {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

export const matmul = defineOp({
  name: 'matmul',
  doc: 'Multiplies matrices: [..., m, k] × [..., k, n] gives [..., m, n]; leading axes broadcast.',
  inputs: ['a', 'b'],
  defaults: { transposeA: false, transposeB: false } as Attrs,
  infer({ a, b }, { transposeA, transposeB }) {
    if (a.dtype !== b.dtype) throw dtypeError('matmul', 'operands must have one dtype', { a, b });
    if (a.shape.length < 2 || b.shape.length < 2) {
      throw shapeError('matmul', 'operands need two axes or more', { a, b });
    }
    const [rowsA, columnsA] = a.shape.slice(-2) as [number, number];
    const [rowsB, columnsB] = b.shape.slice(-2) as [number, number];
    const [m, k] = transposeA ? [columnsA, rowsA] : [rowsA, columnsA];
    const [k2, n] = transposeB ? [columnsB, rowsB] : [rowsB, columnsB];
    if (k !== k2) {
      throw shapeError('matmul', 'the inner sizes must agree', { a, b, transposeA, transposeB });
    }
    const batch = broadcastShapes('matmul', { a: a.shape.slice(0, -2), b: b.shape.slice(0, -2) });
    return { dtype: a.dtype, shape: [...batch, m, n] };
  },
  vjp({ a, b }: AB, { transposeA, transposeB }, _y, dy): Grads<'a' | 'b'> {
    // With A = op(a), B = op(b): dA = dy·Bᵀ, dB = Aᵀ·dy; a transposed operand takes the transpose.
    const da: Tensor = transposeA
      ? matmul(b, dy, { transposeA: transposeB, transposeB: true })
      : matmul(dy, b, { transposeB: !transposeB });
    const db: Tensor = transposeB
      ? matmul(dy, a, { transposeA: true, transposeB: transposeA })
      : matmul(a, dy, { transposeA: !transposeA });
    return { a: unbroadcast(da, a), b: unbroadcast(db, b) };
  },
  flops: ([y], { a }, { transposeA }) => 2 * sizeOf(y!.shape) * a.shape.at(transposeA ? -2 : -1)!,
  samples: [
    {
      inputs: [
        [3, 4],
        [4, 5],
      ],
    },
    {
      inputs: [
        [4, 3],
        [4, 5],
      ],
      attrs: { transposeA: true },
    },
    {
      inputs: [
        [7, 9],
        [13, 9],
      ],
      attrs: { transposeB: true },
    },
    {
      inputs: [
        [4, 3],
        [5, 4],
      ],
      attrs: { transposeA: true, transposeB: true },
    },
    {
      inputs: [
        [2, 3, 4],
        [2, 4, 5],
      ],
    },
    {
      inputs: [
        [2, 1, 3, 4],
        [3, 4, 5],
      ],
    },
    {
      inputs: [
        [33, 70],
        [70, 19],
      ],
    },
  ],
});
