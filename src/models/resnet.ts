import {
  conv,
  globalAvgPool,
  identity,
  kaimingNormal,
  linear,
  maxPool,
  pipe,
  sequential,
  xavierUniform,
} from '../nn/index.ts';
import { activations, choose, type Norm, norms } from './choices.ts';
import { type ClassifierOptions, entry } from './entry.ts';
import { kernels } from './initial.ts';
import { narrowed, network } from './network.ts';
import {
  type BottleneckOptions,
  bottleneck,
  EXPANSION,
  preBottleneck,
  preResidual,
  residual,
  shortcuts,
} from './residual-blocks.ts';

const blocks = {
  basic: { make: residual, expansion: 1, activationFirst: false },
  bottleneck: { make: bottleneck, expansion: EXPANSION, activationFirst: false },
  preBasic: { make: preResidual, expansion: 1, activationFirst: true },
  preBottleneck: { make: preBottleneck, expansion: EXPANSION, activationFirst: true },
} as const;

/** What tells the ResNets apart. */
export interface ResnetVariant {
  readonly name: string;
  readonly block: keyof typeof blocks;
  /** Blocks of each of the four stages (He et al. 2016, table 1). */
  readonly depths: readonly [number, number, number, number];
  /** See `bottleneck`. */
  readonly groups?: number;
  readonly groupWidth?: number;
  /** As in Dive into Deep Learning: convolutions add biases, and no norm stands on the shortcuts. */
  readonly book?: boolean;
}

export interface ResnetOptions extends Omit<ClassifierOptions, 'size'> {
  /** Divides the channels of every layer. */
  readonly ratio: number;
  /** `batch`, `group` or `none`. */
  readonly norm: string;
  readonly activation: string;
  /** `imagenet`: 7×7 convolution with stride 2, and pooling; `cifar`: 3×3 convolution alone. */
  readonly stem: string;
  /** Whether every block starts as its shortcut. */
  readonly zeroInit?: boolean;
}

const stems = {
  imagenet: {
    conv1: (cin: number, cout: number, bias: boolean) =>
      conv(cin, cout, 7, { stride: 2, padding: 3, bias }),
    pool: maxPool(3, { stride: 2, padding: 1 }),
  },
  cifar: {
    conv1: (cin: number, cout: number, bias: boolean) => conv(cin, cout, 3, { padding: 1, bias }),
    pool: identity,
  },
};

/**
 * A stem, four stages of residual blocks of which all but the first halve the image, and a linear
 * layer on the mean of each channel: [n, c, h, w] to [n, classes].
 */
export function resnet(variant: ResnetVariant, options: ResnetOptions) {
  const { name, depths, book = false } = variant;
  const { make, expansion, activationFirst } = blocks[variant.block];
  const stem = choose('stem', stems, options.stem);
  const norm: Norm = choose('norm', norms, options.norm);
  const act = choose('activation', activations, options.activation);
  const bias = book || options.norm === 'none';
  const blockOptions: BottleneckOptions = {
    ...{ norm, activation: act, bias, zeroInit: options.zeroInit ?? false },
    ...(book && { shortcut: shortcuts.convolution }),
    ...(variant.groups !== undefined && { groups: variant.groups }),
    ...(variant.groupWidth !== undefined && { groupWidth: variant.groupWidth }),
  };
  const start = narrowed(name, 64, options.ratio);
  const stage = (index: number) => {
    const width = start * 2 ** index;
    const cin = index === 0 ? start : (width / 2) * expansion;
    return sequential(
      ...Array.from({ length: depths[index]! }, (_, i) => {
        const stride = i === 0 && index > 0 ? 2 : 1;
        return make(i === 0 ? cin : width * expansion, width, { ...blockOptions, stride });
      }),
    );
  };
  const features = start * 8 * expansion;
  return network(
    name,
    {
      conv1: stem.conv1(options.channels, start, bias),
      bn1: activationFirst ? identity : norm(start),
      relu: activationFirst ? identity : act,
      maxpool: stem.pool,
      layer1: stage(0),
      layer2: stage(1),
      layer3: stage(2),
      layer4: stage(3),
      bn5: activationFirst ? norm(features) : identity,
      relu5: activationFirst ? act : identity,
      fc: linear(features, options.classes),
    },
    (l, x) =>
      pipe(
        x,
        ...[l.conv1, l.bn1, l.relu, l.maxpool],
        ...[l.layer1, l.layer2, l.layer3, l.layer4],
        ...[l.bn5, l.relu5, globalAvgPool, l.fc],
      ),
  );
}

const [d18, d34, d50, d101, d152] = [
  [2, 2, 2, 2],
  [3, 4, 6, 3],
  [3, 4, 6, 3],
  [3, 4, 23, 3],
  [3, 8, 36, 3],
] as const;

const torchvision: readonly (ResnetVariant & { readonly title: string })[] = [
  { name: 'resnet18', title: 'ResNet-18', block: 'basic', depths: d18 },
  { name: 'resnet34', title: 'ResNet-34', block: 'basic', depths: d34 },
  { name: 'resnet50', title: 'ResNet-50', block: 'bottleneck', depths: d50 },
  { name: 'resnet101', title: 'ResNet-101', block: 'bottleneck', depths: d101 },
  { name: 'resnet152', title: 'ResNet-152', block: 'bottleneck', depths: d152 },
  {
    ...{ name: 'wide_resnet50_2', title: 'Wide ResNet-50-2', block: 'bottleneck', depths: d50 },
    groupWidth: 128,
  },
  {
    ...{ name: 'wide_resnet101_2', title: 'Wide ResNet-101-2', block: 'bottleneck', depths: d101 },
    groupWidth: 128,
  },
  {
    ...{ name: 'resnext50_32x4d', title: 'ResNeXt-50 32×4d', block: 'bottleneck', depths: d50 },
    ...{ groups: 32, groupWidth: 4 },
  },
  {
    ...{ name: 'resnext101_32x8d', title: 'ResNeXt-101 32×8d', block: 'bottleneck', depths: d101 },
    ...{ groups: 32, groupWidth: 8 },
  },
  {
    ...{ name: 'resnext101_64x4d', title: 'ResNeXt-101 64×4d', block: 'bottleneck', depths: d101 },
    ...{ groups: 64, groupWidth: 4 },
  },
];

const preactivated: readonly (ResnetVariant & { readonly title: string })[] = [
  { name: 'resnet18-v2', title: 'ResNet-18', block: 'preBasic', depths: d18 },
  { name: 'resnet34-v2', title: 'ResNet-34', block: 'preBasic', depths: d34 },
  { name: 'resnet50-v2', title: 'ResNet-50', block: 'preBottleneck', depths: d50 },
  { name: 'resnet101-v2', title: 'ResNet-101', block: 'preBottleneck', depths: d101 },
  { name: 'resnet152-v2', title: 'ResNet-152', block: 'preBottleneck', depths: d152 },
];

const common = { ratio: 1, norm: 'batch', activation: 'relu' };
const imagenet = { classes: 1000, channels: 3, size: 224, ...common, stem: 'imagenet' };
const fanOut = { overrides: [kernels(kaimingNormal({ mode: 'fanOut' }))] };

const book: ResnetVariant = { name: 'resnet18-book', block: 'basic', depths: d18, book: true };

export const resnetFamily = [
  ...torchvision.map(({ title, ...variant }) =>
    entry({
      name: variant.name,
      family: 'resnet',
      description: `${title}, as torchvision has it`,
      options: { ...imagenet, zeroInit: false },
      initial: fanOut,
      build: (options) => resnet(variant, options),
    }),
  ),
  ...preactivated.map(({ title, ...variant }) =>
    entry({
      name: variant.name,
      family: 'resnet',
      description: `${title} with activations before the convolutions`,
      options: imagenet,
      initial: fanOut,
      build: (options) => resnet(variant, options),
    }),
  ),
  entry({
    name: 'resnet18-book',
    family: 'resnet',
    description: 'ResNet-18 for Fashion-MNIST, as Dive into Deep Learning has it',
    options: { classes: 10, channels: 1, size: 96, ...common, stem: 'imagenet' },
    initial: { scheme: xavierUniform() },
    build: (options) => resnet(book, options),
  }),
  entry({
    name: 'resnet18-book-cifar',
    family: 'resnet',
    description: 'ResNet-18 for CIFAR-10, as Dive into Deep Learning has it: without early pooling',
    options: { classes: 10, channels: 3, size: 32, ...common, stem: 'cifar' },
    initial: { scheme: xavierUniform() },
    build: (options) => resnet({ ...book, name: 'resnet18-book-cifar' }, options),
  }),
];
