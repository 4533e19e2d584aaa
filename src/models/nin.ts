import {
  type ConvOptions,
  conv,
  dropout,
  globalAvgPool,
  layer,
  maxPool,
  pipe,
  sequential,
  xavierUniform,
} from '../nn/index.ts';
import { relu } from '../ops/index.ts';
import { type Activation, activations, choose, type Norm, norms } from './choices.ts';
import { type ClassifierOptions, entry } from './entry.ts';
import { narrowed, network } from './network.ts';

export interface NinOptions extends Omit<ClassifierOptions, 'size'> {
  readonly dropout: number;
  /** What stands before each activation: `batch`, `group` or `none`. */
  readonly norm: string;
  readonly activation: string;
}

export interface NinBlockOptions extends Pick<ConvOptions, 'stride' | 'padding'> {
  /** Before each activation; none by default. */
  readonly norm?: Norm;
  readonly activation?: Activation;
}

/**
 * A convolution, and a small dense network at every pixel: [n, cin, h, w] to [n, cout, h′, w′].
 * Keys: conv1, conv2, conv3, and bn1, bn2, bn3 with a norm.
 *
 *     k×k conv ─ ReLU ─ 1×1 conv ─ ReLU ─ 1×1 conv ─ ReLU
 */
export function ninBlock(
  cin: number,
  cout: number,
  kernel: number,
  { norm = norms.none!, activation: act = relu, ...options }: NinBlockOptions = {},
) {
  return layer(
    'ninBlock',
    {
      conv1: conv(cin, cout, kernel, options),
      bn1: norm(cout),
      conv2: conv(cout, cout, 1),
      bn2: norm(cout),
      conv3: conv(cout, cout, 1),
      bn3: norm(cout),
    },
    (l, x) => pipe(x, l.conv1, l.bn1, act, l.conv2, l.bn2, act, l.conv3, l.bn3, act),
  );
}

const blockOptions = ({ norm, activation }: NinOptions) => ({
  norm: choose('norm', norms, norm),
  activation: choose('activation', activations, activation),
});

/**
 * Network in network (Lin et al. 2014) as Dive into Deep Learning has it: AlexNet's convolutions,
 * and in place of dense layers one map per class, averaged. [n, c, h, w] to [n, classes]. The last
 * block ends in an activation, so that with ReLU no logit is below 0.
 */
export function nin(options: NinOptions) {
  const rest = blockOptions(options);
  const pool = () => maxPool(3, { stride: 2 });
  return network(
    'nin',
    {
      features: sequential(
        ...[ninBlock(options.channels, 96, 11, { stride: 4, ...rest }), pool()],
        ...[ninBlock(96, 256, 5, { padding: 2, ...rest }), pool()],
        ...[ninBlock(256, 384, 3, { padding: 1, ...rest }), pool()],
      ),
      drop: dropout(options.dropout),
      classifier: ninBlock(384, options.classes, 3, { padding: 1, ...rest }),
    },
    (l, x) => pipe(x, l.features, l.drop, l.classifier, globalAvgPool),
  );
}

/**
 * NiN in the manner of VGG, an exercise of the book: each 3×3 convolution of VGG becomes a block,
 * and a 1×1 convolution to one map per class replaces the dense layers.
 *
 * @param depths blocks before each of the five poolings
 * @param options.ratio divides the channels of every layer
 */
export function deepNin(
  name: string,
  depths: readonly number[],
  options: NinOptions & { readonly ratio: number },
) {
  const rest = blockOptions(options);
  const narrow = (width: number) => narrowed(name, width, options.ratio);
  const widths = [options.channels, ...[64, 128, 256, 512, 512].map(narrow)];
  const stages = depths.flatMap((depth, stage) => {
    const [cin, cout] = [widths[stage]!, widths[stage + 1]!];
    const blocks = Array.from({ length: depth }, (_, i) =>
      ninBlock(i === 0 ? cin : cout, cout, 3, { padding: 1, ...rest }),
    );
    return [...blocks, maxPool(2)];
  });
  return network(
    name,
    {
      features: sequential(...stages),
      drop: dropout(options.dropout),
      classifier: conv(widths.at(-1)!, options.classes, 1),
    },
    (l, x) => pipe(x, l.features, l.drop, l.classifier, globalAvgPool),
  );
}

const digits = { classes: 10, channels: 1, size: 224, dropout: 0.5 };

export const ninFamily = [
  entry({
    name: 'nin',
    family: 'nin',
    description: 'network in network for Fashion-MNIST, as Dive into Deep Learning has it',
    options: { ...digits, norm: 'none', activation: 'relu' },
    initial: { scheme: xavierUniform() },
    build: nin,
  }),
  ...Object.entries({
    11: [1, 1, 2, 2, 2],
    16: [2, 2, 3, 3, 3],
    19: [2, 2, 4, 4, 4],
  }).map(([depth, depths]) =>
    entry({
      name: `nin-${depth}`,
      family: 'nin',
      description: `network in network with the stages of VGG-${depth} and batch normalisation`,
      options: { ...digits, ratio: 1, norm: 'batch', activation: 'relu' },
      initial: { scheme: xavierUniform() },
      build: (options) => deepNin(`nin-${depth}`, depths, options),
    }),
  ),
];
