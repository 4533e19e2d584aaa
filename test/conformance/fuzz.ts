import { randomStream, type SampleInput, type Shape } from '../../src/graph/index.ts';
import type { PrimitiveName } from '../../src/ops/primitives.ts';
import type { Case } from './cases.ts';

export interface Random {
  /** A whole number from `low` to `high`, both included. */
  int(low: number, high: number): number;
  pick<T>(list: readonly T[]): T;
}

export function seeded(seed: number): Random {
  const uniform = randomStream([seed, 0xf022], 0);
  const int = (low: number, high: number) => low + Math.floor(uniform() * (high - low + 1));
  return { int, pick: (list) => list[int(0, list.length - 1)]! };
}

const many = (count: number, seed: number, make: (random: Random) => Case): Case[] => {
  const random = seeded(seed);
  return Array.from({ length: count }, () => make(random));
};

const shape = (random: Random, rank: number, most: number): number[] =>
  Array.from({ length: rank }, () => random.int(1, most));

const pairOf = (random: Random, low: number, high: number) =>
  [random.int(low, high), random.int(low, high)] as const;

function conv(random: Random): Case {
  const groups = random.pick([1, 1, 1, 2, 3]);
  const depthwise = groups > 1 && random.int(0, 1) === 1;
  const [c, o] = depthwise ? [1, random.int(1, 2)] : pairOf(random, 1, 9);
  const kernel = pairOf(random, 1, 5);
  const stride = pairOf(random, 1, 3);
  const dilation = random.pick([[1, 1] as const, [1, 1] as const, pairOf(random, 1, 3)]);
  const padding = Array.from({ length: 4 }, () => random.int(0, 3));
  const size = [0, 1].map((axis) => {
    const reach = dilation[axis]! * (kernel[axis]! - 1) + 1;
    return Math.max(1, reach - padding[axis]! - padding[axis + 2]!) + random.int(0, 9);
  });
  return {
    op: 'conv2d',
    inputs: [
      [random.int(1, 3), c * groups, ...size],
      [o * groups, c, ...kernel],
    ],
    attrs: { stride, padding, dilation, groups },
  };
}

const bigConv = (x: Shape, w: Shape, attrs?: object): Case => ({
  op: 'conv2d',
  inputs: [x, w],
  attrs,
});

/** Sizes beyond one block of any kernel, with remainders on every side. */
const bigConvs: readonly Case[] = [
  bigConv([1, 70, 14, 14], [67, 70, 3, 3], { padding: 1 }),
  bigConv([2, 64, 15, 15], [64, 64, 3, 3], { padding: 1, stride: 2 }),
  bigConv([2, 130, 9, 9], [70, 130, 1, 1]),
  bigConv([2, 33, 14, 13], [65, 33, 1, 1], { stride: 2 }),
  bigConv([1, 3, 64, 64], [20, 3, 7, 7], { stride: 2, padding: 3 }),
  bigConv([1, 48, 13, 13], [64, 48, 5, 5], { padding: 2 }),
  bigConv([2, 64, 16, 16], [64, 1, 3, 3], { padding: 1, groups: 64 }),
  bigConv([33, 6, 14, 14], [16, 6, 5, 5]),
  bigConv([40, 1, 28, 28], [6, 1, 5, 5], { padding: 2 }),
  bigConv([2, 40, 12, 12], [48, 20, 3, 3], { padding: 1, groups: 2 }),
  bigConv([304, 2, 7, 6], [5, 2, 3, 3], { padding: 1 }),
];

/** Few channels, and batches that fill vectors with images or do not. */
function thinConv(random: Random): Case {
  const [c, o] = [random.int(1, 9), random.int(1, 16)];
  const kernel = pairOf(random, 1, 7);
  const padding = [0, 1, 2, 3].map((side) => random.int(0, kernel[side % 2]! - 1));
  const size = [0, 1].map(
    (axis) => Math.max(1, kernel[axis]! - padding[axis]! - padding[axis + 2]!) + random.int(0, 9),
  );
  return {
    op: 'conv2d',
    inputs: [
      [random.pick([16, 16, 32, 17]), c, ...size],
      [o, c, ...kernel],
    ],
    attrs: { padding, stride: random.pick([1, 1, 1, 2]) },
  };
}

function pool(random: Random): Case {
  const kernel = pairOf(random, 1, 4);
  const padding = [0, 1, 2, 3].map((side) => random.int(0, Math.floor(kernel[side % 2]! / 2)));
  const size = kernel.map((k, axis) => {
    return Math.max(1, k - padding[axis]! - padding[axis + 2]!) + random.int(0, 9);
  });
  const attrs = {
    kernel,
    stride: pairOf(random, 1, 4),
    padding,
    ceilMode: random.pick([true, false]),
  };
  const inputs = [[random.int(1, 2), random.int(1, 5), ...size]];
  return random.int(0, 1) === 0
    ? { op: 'maxPool2dWithIndex', inputs, attrs }
    : { op: 'avgPool2d', inputs, attrs: { ...attrs, countIncludePad: random.pick([true, false]) } };
}

function matmul(random: Random): Case {
  const most = random.pick([3, 20, 20, 70]);
  const [m, k, n] = [random.int(1, most), random.int(1, most), random.int(1, most)];
  const [transposeA, transposeB] = [random.pick([true, false]), random.pick([true, false])];
  const batch = shape(random, random.pick([0, 0, 1, 2]), 3);
  const partOf = () =>
    batch.slice(random.int(0, batch.length)).map((size) => random.pick([size, 1]));
  return {
    op: 'matmul',
    inputs: [
      [...random.pick([batch, partOf()]), ...(transposeA ? [k, m] : [m, k])],
      [...random.pick([batch, partOf()]), ...(transposeB ? [n, k] : [k, n])],
    ],
    attrs: { transposeA, transposeB },
  };
}

function reduction(random: Random): Case {
  const x = shape(random, random.int(1, 4), random.pick([4, 4, 12]));
  const op = random.pick(['sum', 'max', 'min', 'argmax', 'softmax', 'logSoftmax', 'topK'] as const);
  if (op === 'topK') return { op, inputs: [x], attrs: { k: random.int(1, x.at(-1)!) } };
  if (op === 'argmax' || op === 'softmax' || op === 'logSoftmax') {
    return { op, inputs: [x], attrs: { axis: random.int(0, x.length - 1) } };
  }
  const axes = x.map((_, axis) => axis).filter(() => random.int(0, 1) === 0);
  return { op, inputs: [x], attrs: { axes, keepDims: random.pick([true, false]) } };
}

function broadcast(random: Random): Case {
  const full = shape(random, random.int(0, 4), random.pick([4, 4, 9]));
  const part = (): SampleInput => {
    const kept = full.slice(random.pick([0, 0, random.int(0, full.length)]));
    return kept.map((size) => random.pick([size, size, 1]));
  };
  const op = random.pick([
    'add',
    'sub',
    'mul',
    'div',
    'maximum',
    'minimum',
    'less',
    'equal',
    'select',
    'lerp',
  ] as const);
  if (op === 'select') {
    return { op, inputs: [{ shape: part() as Shape, dtype: 'bool' }, part(), part()] };
  }
  if (op === 'lerp') return { op, inputs: [part(), part(), part()] };
  if (op === 'div') return { op, inputs: [part(), { shape: part() as Shape, low: 0.5, high: 2 }] };
  return { op, inputs: [part(), part()] };
}

function movement(random: Random): Case {
  const x = shape(random, random.int(1, 5), 5);
  const op = random.pick(['transpose', 'slice', 'pad', 'concat', 'gather', 'broadcastTo'] as const);
  const axis = random.int(0, x.length - 1);
  switch (op) {
    case 'transpose': {
      const axes: number[] = [];
      x.forEach((_, i) => {
        axes.splice(random.int(0, i), 0, i);
      });
      return { op, inputs: [x], attrs: { axes } };
    }
    case 'slice': {
      const start = x.map((size) => random.int(0, size - 1));
      const end = x.map((size, i) => random.int(start[i]! + 1, size));
      return { op, inputs: [x], attrs: { start, end, step: x.map(() => random.int(1, 3)) } };
    }
    case 'pad': {
      const sides = () => x.map(() => random.int(0, 2));
      const attrs = { before: sides(), after: sides(), interior: sides(), value: 0.5 };
      return { op, inputs: [x], attrs };
    }
    case 'concat': {
      const resized = () => x.map((size, i) => (i === axis ? random.int(1, 4) : size));
      return { op, inputs: Array.from({ length: random.int(1, 4) }, resized), attrs: { axis } };
    }
    case 'gather': {
      const indices = {
        shape: [random.int(1, 6)],
        dtype: 'int32',
        low: -1,
        high: x[axis]! + 1,
      } as const;
      return { op, inputs: [x, indices], attrs: { axis } };
    }
    case 'broadcastTo': {
      const from = x.slice(random.int(0, x.length)).map((size) => random.pick([size, 1]));
      return { op, inputs: [from], attrs: { shape: x } };
    }
  }
}

function normalization(random: Random): Case {
  if (random.int(0, 2) === 0) {
    return { op: 'standardize', inputs: [[random.int(1, 9), random.int(2, 40)]] };
  }
  const c = random.int(1, 9);
  const spatial = shape(random, random.pick([0, 2]), 7);
  return { op: 'batchNormTrain', inputs: [[random.int(2, 9), c, ...spatial], [c], [c]] };
}

/** Means far from zero, which a variance computed as E[x²] − E[x]² does not survive. */
const offCentre: readonly Case[] = [
  { op: 'batchNormTrain', inputs: [{ shape: [8, 3, 6, 6], low: 499, high: 501 }, [3], [3]] },
  { op: 'standardize', inputs: [{ shape: [5, 60], low: 499, high: 501 }] },
];

/** Rows and images that loops over parts of them must put together: many, long, with odd ends. */
const inParts: readonly Case[] = [
  [700, 70],
  [3, 2, 150, 130],
  [130, 5, 13, 11],
].flatMap((x): Case[] => {
  const c = [x[1]!];
  const variance = { shape: c, low: 0.5, high: 2 };
  return [
    { op: 'batchNormTrain', inputs: [x, c, c] },
    { op: 'batchNormGrad', inputs: [x, x, c, variance, c] },
  ];
});

const unary: readonly PrimitiveName[] = [
  'abs',
  'elu',
  'exp',
  'gelu',
  'hardswish',
  'leakyRelu',
  'neg',
  'relu',
  'relu6',
  'sigmoid',
  'silu',
  'tanh',
];

/** Lengths around the width of vectors and of blocks. */
const lengths = [1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 31, 33, 63, 64, 65, 1023, 4099];

function tails(random: Random): Case {
  const length = random.pick(lengths);
  const scalar = { shape: [], low: 0.01, high: 0.1 };
  const op = random.pick([...unary, 'sgdUpdate', 'momentumUpdate', 'addN'] as const);
  if (op === 'sgdUpdate') return { op, inputs: [[length], [length], scalar] };
  if (op === 'momentumUpdate') {
    const step = { shape: [], dtype: 'int32' as const, low: 0, high: 2 };
    return { op, inputs: [[length], [length], [length], scalar, step], attrs: { momentum: 0.9 } };
  }
  if (op === 'addN')
    return { op, inputs: Array.from({ length: random.int(1, 5) }, () => [length]) };
  return { op, inputs: [{ shape: [length], low: -8, high: 8 }] };
}

/** Random cases by family. The seeds are fixed: a case that failed fails again. */
export const fuzz: Readonly<Record<string, readonly Case[]>> = {
  convolution: many(120, 1, conv),
  'large convolution': bigConvs,
  'thin convolution': many(60, 9, thinConv),
  pooling: many(80, 2, pool),
  matmul: many(80, 3, matmul),
  reduction: many(80, 4, reduction),
  broadcasting: many(80, 5, broadcast),
  movement: many(80, 6, movement),
  normalization: [...many(30, 7, normalization), ...offCentre, ...inParts],
  'vector tails': many(80, 8, tails),
};
