import {
  batchNorm,
  conv,
  globalAvgPool,
  kaimingNormal,
  linear,
  pipe,
  sequential,
} from '../nn/index.ts';
import { relu } from '../ops/index.ts';
import { choose } from './choices.ts';
import { type ClassifierOptions, entry } from './entry.ts';
import { network } from './network.ts';
import { residual, type Shortcut, shortcuts } from './residual-blocks.ts';

export interface CifarResnetOptions extends Omit<ClassifierOptions, 'size'> {
  /** `padding`, `projection`, or `none` for the plain net of the same depth. */
  readonly shortcut: string;
}

const choices: Readonly<Record<string, Shortcut | 'none'>> = {
  padding: shortcuts.padding,
  projection: shortcuts.projection,
  none: 'none',
};

/**
 * The ResNets for CIFAR-10 (He et al. 2016, section 4.2): a 3×3 convolution, three stages of
 * `depth` basic blocks with 16, 32 and 64 channels, and a linear layer on the mean of each channel;
 * 6·depth + 2 layers. [n, c, h, w] to [n, classes].
 */
export function cifarResnet(name: string, depth: number, options: CifarResnetOptions) {
  const shortcut = choose('shortcut', choices, options.shortcut);
  const stage = (cin: number, cout: number) =>
    sequential(
      ...Array.from({ length: depth }, (_, i) =>
        residual(i === 0 ? cin : cout, cout, { stride: i === 0 ? cout / cin : 1, shortcut }),
      ),
    );
  return network(
    name,
    {
      conv1: conv(options.channels, 16, 3, { padding: 1, bias: false }),
      bn1: batchNorm(16),
      layer1: stage(16, 16),
      layer2: stage(16, 32),
      layer3: stage(32, 64),
      linear: linear(64, options.classes),
    },
    (l, x) => pipe(x, l.conv1, l.bn1, relu, l.layer1, l.layer2, l.layer3, globalAvgPool, l.linear),
  );
}

export const cifarResnetFamily = [3, 5, 7, 9, 18].map((depth) => {
  const layers = 6 * depth + 2;
  return entry({
    name: `resnet${layers}`,
    family: 'resnet',
    description: `ResNet-${layers} for CIFAR-10, as its paper has it`,
    options: { classes: 10, channels: 3, size: 32, shortcut: 'padding' },
    initial: { scheme: kaimingNormal() },
    build: (options) => cifarResnet(`resnet${layers}`, depth, options),
  });
});
