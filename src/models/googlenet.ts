import { constant, shapeError, type Tensor } from '../graph/index.ts';
import {
  adaptiveAvgPool,
  type Bound,
  batchNorm,
  type ConvOptions,
  conv,
  crossEntropy,
  dropout,
  flatten,
  globalAvgPool,
  identity,
  layer,
  linear,
  maxPool,
  pipe,
  sequential,
  truncatedNormal,
  xavierUniform,
} from '../nn/index.ts';
import { add, concat, mul, relu } from '../ops/index.ts';
import type { Norm } from './choices.ts';
import { type ClassifierOptions, entry, type Training } from './entry.ts';
import { network } from './network.ts';

/** Channels of the four paths; pairs are those of the 1×1 reduction and of what follows it. */
export type InceptionWidths = readonly [
  c1: number,
  c2: readonly [number, number],
  c3: readonly [number, number],
  c4: number,
];

export interface InceptionOptions {
  /** Before each ReLU, in place of a bias; none by default. */
  readonly norm?: Norm | undefined;
  /** Kernel of the third path; 5 by default, 3 in torchvision. */
  readonly kernel?: 3 | 5;
}

/** Convolution, norm (or bias) and ReLU. Keys: conv, bn. */
const unit = (
  cin: number,
  cout: number,
  kernel: number,
  norm: Norm | undefined,
  options: Pick<ConvOptions, 'stride' | 'padding'> = {},
) =>
  layer(
    'unit',
    {
      conv: conv(cin, cout, kernel, { ...options, bias: norm === undefined }),
      bn: norm?.(cout) ?? identity,
    },
    (l, x) => pipe(x, l.conv, l.bn, relu),
  );

/**
 * Inception block (Szegedy et al. 2015, fig. 2b): [n, cin, h, w] to [n, c1 + c2 + c3 + c4, h, w].
 * Keys: branch1, branch2.0, branch2.1, branch3.0, branch3.1, branch4.1; in each conv, and bn with a
 * norm. A ReLU follows each convolution.
 *
 *     x ─┬─ 1×1 to c1 ──────────────────────────────┬─ concat along the channels
 *        ├─ 1×1 to c2[0] ─ 3×3 to c2[1], padding 1 ─┤
 *        ├─ 1×1 to c3[0] ─ 5×5 to c3[1], padding 2 ─┤
 *        └─ 3×3 max pool, padding 1 ─ 1×1 to c4 ────┘
 */
export const inception = (
  cin: number,
  [c1, c2, c3, c4]: InceptionWidths,
  { norm, kernel = 5 }: InceptionOptions = {},
) =>
  layer(
    'inception',
    {
      branch1: unit(cin, c1, 1, norm),
      branch2: sequential(unit(cin, c2[0], 1, norm), unit(...c2, 3, norm, { padding: 1 })),
      branch3: sequential(
        unit(cin, c3[0], 1, norm),
        unit(...c3, kernel, norm, { padding: kernel >> 1 }),
      ),
      branch4: sequential(maxPool(3, { stride: 1, padding: 1 }), unit(cin, c4, 1, norm)),
    },
    (l, x) => concat([l.branch1(x), l.branch2(x), l.branch3(x), l.branch4(x)]),
  );

/**
 * A classifier in the middle of GoogLeNet, for training only. Keys: conv, fc1, fc2.
 *
 *     4×4 adaptive average pool ─ 1×1 conv to 128 ─ linear to 1024 ─ ReLU ─ dropout ─ linear
 */
const auxiliaryHead = (cin: number, classes: number, rate: number, norm: Norm | undefined) =>
  layer(
    'auxiliaryHead',
    {
      pool: adaptiveAvgPool(4),
      conv: unit(cin, 128, 1, norm),
      fc1: linear(128 * 4 * 4, 1024),
      dropout: dropout(rate),
      fc2: linear(1024, classes),
    },
    (l, x) => pipe(x, l.pool, l.conv, flatten, l.fc1, relu, l.dropout, l.fc2),
  );

/** What tells the book's and torchvision's GoogLeNet apart. */
export interface GooglenetVariant {
  readonly name: string;
  /** Kernel of the inception blocks' third path. */
  readonly kernel: 3 | 5;
  /** Whether the poolings between blocks pad, as in the book, or let the last window hang over. */
  readonly pooling: 'padded' | 'ceil';
  readonly norm: Norm | undefined;
}

export interface GooglenetOptions extends Omit<ClassifierOptions, 'size'> {
  /** Before the last layer. */
  readonly dropout: number;
  /** Whether the auxiliary classifiers are there. */
  readonly auxiliary?: boolean;
  /** Inside the auxiliary classifiers; 0.7 by default. */
  readonly auxiliaryDropout?: number;
  /** Whether images normalised by ImageNet's mean and deviation are changed to (x − 0.5) / 0.5. */
  readonly transformInput?: boolean;
}

/** The parts up to the point where each auxiliary classifier looks, and what follows. */
function googlenetParts(variant: GooglenetVariant, options: GooglenetOptions) {
  const { norm, kernel, pooling } = variant;
  const { channels, classes, transformInput = false } = options;
  const { auxiliary = false, auxiliaryDropout = 0.7 } = options;
  if (transformInput && channels !== 3) {
    throw shapeError(variant.name, 'transformInput needs three channels', { channels });
  }
  const ceil = pooling === 'ceil';
  const pool = () => maxPool(3, ceil ? { stride: 2, ceilMode: true } : { stride: 2, padding: 1 });
  const block = (cin: number, ...widths: InceptionWidths) =>
    inception(cin, widths, { norm, kernel });
  return {
    rescale: transformInput ? rescale : identity,
    conv1: unit(channels, 64, 7, norm, { stride: 2, padding: 3 }),
    maxpool1: pool(),
    conv2: unit(64, 64, 1, norm),
    conv3: unit(64, 192, 3, norm, { padding: 1 }),
    maxpool2: pool(),
    inception3a: block(192, 64, [96, 128], [16, 32], 32),
    inception3b: block(256, 128, [128, 192], [32, 96], 64),
    maxpool3: pool(),
    inception4a: block(480, 192, [96, 208], [16, 48], 64),
    inception4b: block(512, 160, [112, 224], [24, 64], 64),
    inception4c: block(512, 128, [128, 256], [24, 64], 64),
    inception4d: block(512, 112, [144, 288], [32, 64], 64),
    inception4e: block(528, 256, [160, 320], [32, 128], 128),
    maxpool4: ceil ? maxPool(2, { ceilMode: true }) : pool(),
    inception5a: block(832, 256, [160, 320], [32, 128], 128),
    inception5b: block(832, 384, [192, 384], [48, 128], 128),
    aux1: auxiliary ? auxiliaryHead(512, classes, auxiliaryDropout, norm) : undefined,
    aux2: auxiliary ? auxiliaryHead(528, classes, auxiliaryDropout, norm) : undefined,
    dropout: dropout(options.dropout),
    fc: linear(1024, classes),
  };
}

/** From (x − mean) / deviation of ImageNet to (x − 0.5) / 0.5: x [n, 3, h, w]. */
function rescale(x: Tensor): Tensor {
  const [mean, deviation] = [
    [0.485, 0.456, 0.406],
    [0.229, 0.224, 0.225],
  ];
  const perChannel = (values: number[]) => constant(Float32Array.from(values), [3, 1, 1]);
  return add(
    mul(x, perChannel(deviation!.map((d) => d / 0.5))),
    perChannel(mean!.map((m) => (m - 0.5) / 0.5)),
  );
}

type Bindings = Bound<ReturnType<typeof googlenetParts>>;

/** What the fourth stage hands to the auxiliary classifiers, and the logits. */
function trace(l: Bindings, x: Tensor) {
  const a = pipe(
    x,
    ...[l.rescale, l.conv1, l.maxpool1, l.conv2, l.conv3, l.maxpool2],
    ...[l.inception3a, l.inception3b, l.maxpool3, l.inception4a],
  );
  const d = pipe(a, l.inception4b, l.inception4c, l.inception4d);
  const logits = pipe(
    d,
    ...[l.inception4e, l.maxpool4, l.inception5a, l.inception5b],
    ...[globalAvgPool, l.dropout, l.fc],
  );
  return { a, d, logits };
}

/**
 * GoogLeNet (Szegedy et al. 2015): [n, c, h, w] to [n, classes]. With `auxiliary` it holds the
 * auxiliary classifiers, so that full checkpoints fit, and leaves them idle: see
 * `googlenetWithAuxiliary`, which is what `train` trains then.
 */
export const googlenet = (variant: GooglenetVariant, options: GooglenetOptions) =>
  network(variant.name, googlenetParts(variant, options), (l, x) => trace(l, x).logits);

/** GoogLeNet with its auxiliary classifiers at work: [n, c, h, w] to [n, classes] three times. */
export const googlenetWithAuxiliary = (
  options: GooglenetOptions,
  variant: GooglenetVariant = torchvision,
) =>
  network(variant.name, googlenetParts(variant, { ...options, auxiliary: true }), (l, x) => {
    const { a, d, logits } = trace(l, x);
    return { logits, aux1: l.aux1!(a), aux2: l.aux2!(d) };
  });

/** What `googlenetWithAuxiliary` gives: [n, classes] each. */
export interface AuxiliaryLogits {
  readonly logits: Tensor;
  readonly aux1: Tensor;
  readonly aux2: Tensor;
}

const weighted = (
  { logits, aux1, aux2 }: AuxiliaryLogits,
  criterion: (logits: Tensor) => Tensor,
  weight: number,
): Tensor => add(criterion(logits), mul(add(criterion(aux1), criterion(aux2)), weight));

/** The loss of `googlenetWithAuxiliary` for classes y [n]; the paper's weight is 0.3. */
export const auxiliaryCrossEntropy = (outputs: AuxiliaryLogits, y: Tensor, weight = 0.3): Tensor =>
  weighted(outputs, (logits) => crossEntropy(logits, y), weight);

/** Training with the auxiliary classifiers at work. */
const auxiliaryTraining = (
  options: GooglenetOptions,
  variant: GooglenetVariant,
): Training<AuxiliaryLogits> => ({
  model: googlenetWithAuxiliary(options, variant),
  loss: (outputs, criterion) => weighted(outputs, criterion, 0.3),
});

const torchvision: GooglenetVariant = {
  name: 'googlenet',
  kernel: 3,
  pooling: 'ceil',
  norm: (channels, options) => batchNorm(channels, { epsilon: 1e-3, ...options }),
};
const book = { kernel: 5, pooling: 'padded' } as const;
const digits = { classes: 10, channels: 1, size: 96, dropout: 0 };

export const googlenetFamily = [
  entry({
    name: 'googlenet',
    family: 'googlenet',
    description: 'GoogLeNet with batch normalisation, as torchvision has it',
    options: {
      ...{ classes: 1000, channels: 3, size: 224, dropout: 0.2 },
      ...{ auxiliary: false, transformInput: false },
    },
    initial: { scheme: truncatedNormal(0, 0.01, -2, 2) },
    build: (options) => googlenet(torchvision, options),
    training: (options) =>
      options.auxiliary ? auxiliaryTraining(options, torchvision) : undefined,
  }),
  entry({
    name: 'googlenet-book',
    family: 'googlenet',
    description: 'GoogLeNet for Fashion-MNIST, as Dive into Deep Learning has it',
    options: digits,
    initial: { scheme: xavierUniform() },
    build: (options) => googlenet({ ...book, name: 'googlenet-book', norm: undefined }, options),
  }),
  entry({
    name: 'googlenet-book-bn',
    family: 'googlenet',
    description: 'GoogLeNet for Fashion-MNIST with batch normalisation before each ReLU',
    options: digits,
    initial: { scheme: xavierUniform() },
    build: (options) => googlenet({ ...book, name: 'googlenet-book-bn', norm: batchNorm }, options),
  }),
];
