import type { Tensor } from '../graph/index.ts';
import {
  adaptiveAvgPool,
  conv,
  flatten,
  identity,
  kaimingNormal,
  maxPool,
  pipe,
  sequential,
  xavierUniform,
} from '../nn/index.ts';
import { relu } from '../ops/index.ts';
import { type Activation, activations, choose, type Norm, norms } from './choices.ts';
import { denseHead } from './dense-head.ts';
import { type ClassifierOptions, entry } from './entry.ts';
import { kernelsAndSmallLinear } from './initial.ts';
import { featureCount, narrowed, network } from './network.ts';

export interface VggOptions extends ClassifierOptions {
  /** Divides the channels of all convolutions. */
  readonly ratio: number;
  /** Width of the two dense layers. */
  readonly hidden: number;
  readonly dropout: number;
  /** What stands before each activation: `batch`, `group` or `none`. */
  readonly norm: string;
  readonly activation: string;
}

/** Convolutions of each of the five blocks (Simonyan and Zisserman 2015, table 1: A, B, D, E). */
const depths = {
  vgg11: [1, 1, 2, 2, 2],
  vgg13: [2, 2, 2, 2, 2],
  vgg16: [2, 2, 3, 3, 3],
  vgg19: [2, 2, 4, 4, 4],
} as const;
const widths = [64, 128, 256, 512, 512];

/**
 * The parts of a VGG block, to be spread into `sequential`: [n, cin, h, w] to [n, cout, h/2, w/2].
 *
 *     3×3 conv, padding 1 ─ (norm) ─ ReLU    ┐ depth times
 *                    ⋮                       ┘
 *     2×2 max pool, stride 2
 */
export function vggBlock(
  cin: number,
  cout: number,
  depth: number,
  { norm, activation = relu }: { readonly norm?: Norm; readonly activation?: Activation } = {},
): readonly ((x: Tensor) => Tensor)[] {
  const convolutions = Array.from({ length: depth }, (_, i) => [
    conv(i === 0 ? cin : cout, cout, 3, { padding: 1 }),
    ...(norm === undefined ? [] : [norm(cout)]),
    activation,
  ]);
  return [...convolutions.flat(), maxPool(2)];
}

export interface VggVariant {
  readonly name: string;
  /** Convolutions of each of the five blocks. */
  readonly depths: readonly number[];
  /** Whether features of any size are brought to 7×7, as torchvision does. */
  readonly adaptive: boolean;
}

/** Five blocks that halve the image, and three dense layers: [n, c, h, w] to [n, classes]. */
export function vgg({ name, depths, adaptive }: VggVariant, options: VggOptions) {
  const { channels, ratio, norm, activation } = options;
  const act = choose('activation', activations, activation);
  const blockOptions = {
    activation: act,
    ...(norm === 'none' ? {} : { norm: choose('norm', norms, norm) }),
  };
  const chain = [channels, ...widths.map((width) => narrowed(name, width, ratio))];
  const features = sequential(
    ...depths.flatMap((depth, i) => vggBlock(chain[i]!, chain[i + 1]!, depth, blockOptions)),
  );
  const count = adaptive ? chain.at(-1)! * 7 * 7 : featureCount(name, features, options);
  return network(
    name,
    {
      features,
      avgpool: adaptive ? adaptiveAvgPool(7) : identity,
      classifier: denseHead(count, act, options),
    },
    (l, x) => pipe(x, l.features, l.avgpool, flatten, l.classifier),
  );
}

const head = { hidden: 4096, dropout: 0.5, activation: 'relu' };
const imagenet = { classes: 1000, channels: 3, size: 224, ratio: 1, ...head };

const torchvision = Object.entries(depths).flatMap(([name, depths]) =>
  (
    [
      [name, 'none', ''],
      [`${name}_bn`, 'batch', ' with batch normalisation'],
    ] as const
  ).map(([name, norm, extra]) =>
    entry({
      name,
      family: 'vgg',
      description: `VGG-${name.replace(/\D/g, '')}${extra}, as torchvision has it`,
      options: { ...imagenet, norm: norm as string },
      initial: kernelsAndSmallLinear(kaimingNormal({ mode: 'fanOut' })),
      build: (options) => vgg({ name, depths, adaptive: true }, options),
    }),
  ),
);

export const vggFamily = [
  ...torchvision,
  entry({
    name: 'vgg11-book',
    family: 'vgg',
    description:
      'VGG-11 with a quarter of the channels for Fashion-MNIST, as Dive into Deep Learning has it',
    options: { classes: 10, channels: 1, size: 224, ratio: 4, ...head, norm: 'none' },
    initial: { scheme: xavierUniform() },
    build: (options) => vgg({ name: 'vgg11-book', depths: depths.vgg11, adaptive: false }, options),
  }),
];
