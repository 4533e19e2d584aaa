import type { Tensor } from '../graph/index.ts';
import {
  adaptiveAvgPool,
  conv,
  dropout,
  flatten,
  linear,
  maxPool,
  pipe,
  sequential,
  xavierUniform,
} from '../nn/index.ts';
import { activations, choose } from './choices.ts';
import { denseHead } from './dense-head.ts';
import { type ClassifierOptions, entry } from './entry.ts';
import { featureCount, network } from './network.ts';

export interface AlexnetOptions extends ClassifierOptions {
  /** Width of the two dense layers. */
  readonly hidden: number;
  readonly dropout: number;
  readonly activation: string;
}

const pool = () => maxPool(3, { stride: 2 });

/** Five convolutions: 11×11 with stride 4, 5×5, and three of 3×3, with pooling after 1, 2 and 5. */
const alexnetFeatures = (
  [c1, c2, c3, c4, c5]: readonly [number, number, number, number, number],
  padding: number,
  act: (x: Tensor) => Tensor,
  channels: number,
) =>
  sequential(
    ...[conv(channels, c1, 11, { stride: 4, padding }), act, pool()],
    ...[conv(c1, c2, 5, { padding: 2 }), act, pool()],
    ...[conv(c2, c3, 3, { padding: 1 }), act],
    ...[conv(c3, c4, 3, { padding: 1 }), act],
    ...[conv(c4, c5, 3, { padding: 1 }), act, pool()],
  );

/**
 * AlexNet as torchvision has it: on one device (Krizhevsky 2014), without response normalisation,
 * with dropout before each dense layer but the last. [n, c, h, w] to [n, classes].
 */
export function alexnet({
  classes,
  channels,
  hidden,
  dropout: rate,
  activation,
}: Omit<AlexnetOptions, 'size'>) {
  const act = choose('activation', activations, activation);
  return network(
    'alexnet',
    {
      features: alexnetFeatures([64, 192, 384, 256, 256], 2, act, channels),
      avgpool: adaptiveAvgPool(6),
      classifier: sequential(
        ...[dropout(rate), linear(256 * 6 * 6, hidden), act],
        ...[dropout(rate), linear(hidden, hidden), act],
        linear(hidden, classes),
      ),
    },
    (l, x) => pipe(x, l.features, l.avgpool, flatten, l.classifier),
  );
}

/**
 * AlexNet as Dive into Deep Learning has it: the widths of the paper (Krizhevsky et al. 2012), on
 * one device. Made for images of one size: [n, c, size, size] to [n, classes].
 */
export function alexnetBook(options: AlexnetOptions) {
  const act = choose('activation', activations, options.activation);
  const features = alexnetFeatures([96, 256, 384, 384, 256], 1, act, options.channels);
  const width = featureCount('alexnet-book', features, options);
  return network('alexnet-book', { features, classifier: denseHead(width, act, options) }, (l, x) =>
    pipe(x, l.features, flatten, l.classifier),
  );
}

const head = { hidden: 4096, dropout: 0.5, activation: 'relu' };

export const alexnetFamily = [
  entry({
    name: 'alexnet',
    family: 'alexnet',
    description: 'AlexNet, as torchvision has it',
    options: { classes: 1000, channels: 3, size: 224, ...head },
    build: alexnet,
  }),
  entry({
    name: 'alexnet-book',
    family: 'alexnet',
    description: 'AlexNet for Fashion-MNIST, as Dive into Deep Learning has it',
    options: { classes: 10, channels: 1, size: 224, ...head },
    initial: { scheme: xavierUniform() },
    build: alexnetBook,
  }),
];
