import type { Tensor } from '../graph/index.ts';
import {
  avgPool,
  batchNorm,
  conv,
  dropout,
  globalAvgPool,
  kaimingNormal,
  keep,
  type Layer,
  layer,
  linear,
  maxPool,
  pipe,
  recompute,
  xavierUniform,
} from '../nn/index.ts';
import { concat, relu } from '../ops/index.ts';
import { type ClassifierOptions, entry } from './entry.ts';
import { kernels, zeroBiases } from './initial.ts';
import { network } from './network.ts';

export interface DenseBlockOptions {
  /**
   * Width of the 1×1 convolution before each 3×3 one, in multiples of `growth`: 4 in DenseNet-B and
   * torchvision. 0, the default, leaves it out.
   */
  readonly bottleneck?: number;
  /** Whether convolutions add a bias; yes by default. */
  readonly bias?: boolean;
  /** Rate of dropout behind each 3×3 convolution. */
  readonly dropout?: number;
  /**
   * Whether training computes concatenations, norms and ReLUs again instead of keeping them: memory
   * grows with the depth instead of its square (Pleiss et al. 2017). No by default.
   */
  readonly recompute?: boolean;
}

/** BN ─ ReLU ─ (1×1 conv ─ BN ─ ReLU) ─ 3×3 conv: [n, cin, h, w] to [n, growth, h, w]. */
function denseLayer(
  cin: number,
  growth: number,
  { bottleneck = 0, bias = true, dropout: rate = 0 }: DenseBlockOptions,
): Layer {
  const last = { padding: 1, bias };
  const drop = dropout(rate);
  if (bottleneck === 0) {
    return layer(
      'denseLayer',
      { norm1: batchNorm(cin), conv1: conv(cin, growth, 3, last), drop },
      (l, x) => pipe(x, l.norm1, relu, l.conv1, l.drop),
    );
  }
  const width = bottleneck * growth;
  return layer(
    'denseLayer',
    {
      norm1: batchNorm(cin),
      conv1: keep(conv(cin, width, 1, { bias })),
      norm2: batchNorm(width),
      conv2: conv(width, growth, 3, last),
      drop,
    },
    (l, x) => pipe(x, l.norm1, relu, l.conv1, l.norm2, relu, l.conv2, l.drop),
  );
}

/**
 * Dense block (Huang et al. 2017, fig. 1): [n, cin, h, w] to [n, cin + depth·growth, h, w]. Keys:
 * denselayer1.norm1, denselayer1.conv1, and norm2, conv2 with a bottleneck; denselayer2 …
 *
 *     x ─┬─ BN ─ ReLU ─ (1×1 conv ─ BN ─ ReLU) ─ 3×3 conv to growth ─ concat ─┐ depth times
 *        └───────────────────────────────────────────────────────────┘        ┘
 */
export function denseBlock(
  cin: number,
  depth: number,
  growth: number,
  options: DenseBlockOptions = {},
) {
  const layers = Array.from({ length: depth }, (_, i) => [
    `denselayer${i + 1}`,
    denseLayer(cin + i * growth, growth, options),
  ]);
  return layer('denseBlock', Object.fromEntries(layers) as Record<string, Layer>, (l, x) =>
    options.recompute === true
      ? growAgain(Object.values(l), x)
      : Object.values(l).reduce((features, grow) => concat([features, grow(features)]), x),
  );
}

/** Keeps only what each layer adds: concatenations are made anew for every use. */
function growAgain(layers: readonly ((x: Tensor) => Tensor)[], x: Tensor): Tensor {
  const features = [x];
  for (const grow of layers) {
    features.push(recompute((parts: readonly Tensor[]) => grow(concat(parts)))(features));
  }
  return concat(features);
}

/**
 * What stands between dense blocks: [n, cin, h, w] to [n, cout, h/2, w/2]. Keys: norm, conv.
 *
 *     BN ─ ReLU ─ 1×1 conv ─ 2×2 average pool
 */
export const transition = (cin: number, cout: number, options: { readonly bias?: boolean } = {}) =>
  layer(
    'transition',
    { norm: batchNorm(cin), conv: conv(cin, cout, 1, options), pool: avgPool(2) },
    (l, x) => pipe(x, l.norm, relu, l.conv, l.pool),
  );

/** What tells the DenseNets apart. */
export interface DensenetVariant {
  readonly name: string;
  /** Layers of each dense block (the paper's table 1). */
  readonly depths: readonly number[];
  /** See `denseBlock`. */
  readonly bottleneck: number;
  readonly bias: boolean;
}

export interface DensenetOptions extends Omit<ClassifierOptions, 'size'> {
  /** Channels that each layer adds; the stem makes twice as many. */
  readonly growth: number;
  readonly dropout: number;
  /** See `denseBlock`. */
  readonly recompute?: boolean;
}

/**
 * ResNet's stem, dense blocks with transitions that halve image and channels between them, and a
 * linear layer on the mean of each channel: [n, c, h, w] to [n, classes].
 */
export function densenet(
  { name, depths, bottleneck, bias }: DensenetVariant,
  { classes, channels, growth, dropout: rate, recompute: again = false }: DensenetOptions,
) {
  const stem = 2 * growth;
  const parts: Record<string, (x: Tensor) => Tensor> = {
    conv0: conv(channels, stem, 7, { stride: 2, padding: 3, bias }),
    norm0: batchNorm(stem),
    relu0: relu,
    pool0: maxPool(3, { stride: 2, padding: 1 }),
  };
  let width = stem;
  for (const [i, depth] of depths.entries()) {
    parts[`denseblock${i + 1}`] = denseBlock(width, depth, growth, {
      bottleneck,
      bias,
      dropout: rate,
      recompute: again,
    });
    width += depth * growth;
    if (i === depths.length - 1) break;
    const half = Math.floor(width / 2);
    const narrow = transition(width, half, { bias });
    parts[`transition${i + 1}`] = again ? recompute(narrow) : narrow;
    width = half;
  }
  parts.norm5 = batchNorm(width);
  return network(
    name,
    {
      features: layer('features', parts, (l, x) => pipe(x, ...Object.values(l))),
      classifier: linear(width, classes),
    },
    (l, x) => pipe(x, l.features, relu, globalAvgPool, l.classifier),
  );
}

const torchvision = { bottleneck: 4, bias: false };
const imagenet = { classes: 1000, channels: 3, size: 224, dropout: 0, recompute: false };

export const densenetFamily = [
  ...[
    { depth: 121, growth: 32, depths: [6, 12, 24, 16] },
    { depth: 161, growth: 48, depths: [6, 12, 36, 24] },
    { depth: 169, growth: 32, depths: [6, 12, 32, 32] },
    { depth: 201, growth: 32, depths: [6, 12, 48, 32] },
    { depth: 264, growth: 32, depths: [6, 12, 64, 48] },
  ].map(({ depth, growth, depths }) =>
    entry({
      name: `densenet${depth}`,
      family: 'densenet',
      description:
        depth === 264
          ? 'DenseNet-264, the largest of its paper'
          : `DenseNet-${depth}, as torchvision has it`,
      options: { ...imagenet, growth },
      initial: { overrides: [kernels(kaimingNormal()), zeroBiases] },
      build: (options) => densenet({ name: `densenet${depth}`, depths, ...torchvision }, options),
    }),
  ),
  entry({
    name: 'densenet-book',
    family: 'densenet',
    description: 'a small DenseNet for Fashion-MNIST, as Dive into Deep Learning has it',
    options: { classes: 10, channels: 1, size: 96, dropout: 0, growth: 32, recompute: false },
    initial: { scheme: xavierUniform() },
    build: (options) =>
      densenet({ name: 'densenet-book', depths: [4, 4, 4, 4], bottleneck: 0, bias: true }, options),
  }),
];
