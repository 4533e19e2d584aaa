import { shapeError, type Tensor } from '../graph/index.ts';
import {
  avgPool,
  batchNorm,
  conv,
  dropout,
  flatten,
  identity,
  layer,
  linear,
  maxPool,
  pipe,
  xavierUniform,
} from '../nn/index.ts';
import { relu, sigmoid } from '../ops/index.ts';
import { type ClassifierOptions, entry } from './entry.ts';

/** What tells the variants of LeNet apart. */
export interface LenetVariant {
  readonly kernel: number;
  /** Zeros around the input of either convolution. */
  readonly padding: readonly [number, number];
  /** Channels of either convolution. */
  readonly channels: readonly [number, number];
  /** Widths of the hidden linear layers. */
  readonly hidden: readonly [number, number];
  readonly activation: (x: Tensor) => Tensor;
  readonly pool: 'average' | 'max';
  readonly batchNorm: boolean;
  /** Whether convolutions and hidden layers add a bias, which a norm after them takes away again. */
  readonly bias: boolean;
}

/** LeCun et al. 1998, as Dive into Deep Learning has it: without the Gaussian output layer. */
const classic: LenetVariant = {
  kernel: 5,
  padding: [2, 0],
  channels: [6, 16],
  hidden: [120, 84],
  activation: sigmoid,
  pool: 'average',
  batchNorm: false,
  bias: true,
};
const normalized: LenetVariant = { ...classic, padding: [0, 0], batchNorm: true };
const modern: LenetVariant = {
  kernel: 3,
  padding: [1, 1],
  channels: [32, 64],
  hidden: [128, 64],
  activation: relu,
  pool: 'max',
  batchNorm: true,
  bias: false,
};

/** Two convolutions, each followed by pooling, and three linear layers: [n, c, h, w] to [n, classes]. */
export function lenet(
  variant: LenetVariant,
  { classes, channels, size, dropout: rate = 0 }: ClassifierOptions & { readonly dropout?: number },
) {
  const { kernel, padding, activation, hidden, bias } = variant;
  const [c1, c2] = variant.channels;
  const norm = (width: number) => (variant.batchNorm ? batchNorm(width) : identity);
  const shrink = (side: number, pad: number) => Math.floor((side + 2 * pad - kernel + 1) / 2);
  const side = shrink(shrink(size, padding[0]), padding[1]);
  if (side < 1) throw shapeError('lenet', 'the images are too small', { size });
  return layer(
    'lenet',
    {
      conv1: conv(channels, c1, kernel, { padding: padding[0], bias }),
      bn1: norm(c1),
      conv2: conv(c1, c2, kernel, { padding: padding[1], bias }),
      bn2: norm(c2),
      fc1: linear(c2 * side * side, hidden[0], { bias }),
      bn3: norm(hidden[0]),
      fc2: linear(hidden[0], hidden[1], { bias }),
      bn4: norm(hidden[1]),
      fc3: linear(hidden[1], classes),
      pool: variant.pool === 'max' ? maxPool(2) : avgPool(2),
      drop: rate > 0 ? dropout(rate) : identity,
    },
    (l, x) =>
      pipe(
        x,
        ...[l.conv1, l.bn1, activation, l.pool],
        ...[l.conv2, l.bn2, activation, l.pool],
        flatten,
        ...[l.fc1, l.bn3, activation, l.drop],
        ...[l.fc2, l.bn4, activation, l.drop],
        l.fc3,
      ),
  );
}

const digits = { classes: 10, channels: 1, size: 28 };

export const lenetFamily = [
  entry({
    name: 'lenet',
    family: 'lenet',
    description: 'LeNet-5 with sigmoids and average pooling',
    options: digits,
    initial: { scheme: xavierUniform() },
    build: (options) => lenet(classic, options),
  }),
  entry({
    name: 'lenet-bn',
    family: 'lenet',
    description: 'LeNet-5 without padding, with batch normalisation before each sigmoid',
    options: digits,
    initial: { scheme: xavierUniform() },
    build: (options) => lenet(normalized, options),
  }),
  entry({
    name: 'lenet-modern',
    family: 'lenet',
    description:
      'LeNet with ReLU, max pooling, batch normalisation and dropout, 32 and 64 channels',
    options: { ...digits, dropout: 0.25 },
    build: (options) => lenet(modern, options),
  }),
];
