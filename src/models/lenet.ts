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
import { activations, choose } from './choices.ts';
import { type ClassifierOptions, entry } from './entry.ts';
import { featureCount } from './network.ts';

/** What tells the variants of LeNet apart. */
export interface LenetVariant {
  readonly kernel: number;
  /** Zeros around the input of either convolution. */
  readonly padding: readonly [number, number];
  /** Channels of either convolution. */
  readonly channels: readonly [number, number];
  /** Widths of the hidden linear layers. */
  readonly hidden: readonly [number, number];
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
  pool: 'max',
  batchNorm: true,
  bias: false,
};

export interface LenetOptions extends ClassifierOptions {
  readonly activation: string;
  /** Behind the hidden linear layers; 0 by default. */
  readonly dropout?: number;
}

/** Two convolutions, each followed by pooling, and three linear layers: [n, c, h, w] to [n, classes]. */
export function lenet(variant: LenetVariant, options: LenetOptions) {
  const { kernel, padding, hidden, bias } = variant;
  const { classes, channels, dropout: rate = 0 } = options;
  const [c1, c2] = variant.channels;
  const act = choose('activation', activations, options.activation);
  const norm = (width: number) => (variant.batchNorm ? batchNorm(width) : identity);
  const pool = variant.pool === 'max' ? maxPool(2) : avgPool(2);
  const conv1 = conv(channels, c1, kernel, { padding: padding[0], bias });
  const conv2 = conv(c1, c2, kernel, { padding: padding[1], bias });
  const width = featureCount('lenet', (x) => pipe(x, conv1, pool, conv2, pool), options);
  return layer(
    'lenet',
    {
      conv1,
      bn1: norm(c1),
      conv2,
      bn2: norm(c2),
      fc1: linear(width, hidden[0], { bias }),
      bn3: norm(hidden[0]),
      fc2: linear(hidden[0], hidden[1], { bias }),
      bn4: norm(hidden[1]),
      fc3: linear(hidden[1], classes),
      pool,
      drop: rate > 0 ? dropout(rate) : identity,
    },
    (l, x) =>
      pipe(
        x,
        ...[l.conv1, l.bn1, act, l.pool],
        ...[l.conv2, l.bn2, act, l.pool],
        flatten,
        ...[l.fc1, l.bn3, act, l.drop],
        ...[l.fc2, l.bn4, act, l.drop],
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
    options: { ...digits, activation: 'sigmoid' },
    initial: { scheme: xavierUniform() },
    build: (options) => lenet(classic, options),
  }),
  entry({
    name: 'lenet-bn',
    family: 'lenet',
    description: 'LeNet-5 without padding, with batch normalisation before each sigmoid',
    options: { ...digits, activation: 'sigmoid' },
    initial: { scheme: xavierUniform() },
    build: (options) => lenet(normalized, options),
  }),
  entry({
    name: 'lenet-modern',
    family: 'lenet',
    description:
      'LeNet with ReLU, max pooling, batch normalisation and dropout, 32 and 64 channels',
    options: { ...digits, dropout: 0.25, activation: 'relu' },
    build: (options) => lenet(modern, options),
  }),
];
