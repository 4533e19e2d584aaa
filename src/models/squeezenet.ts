import {
  conv,
  dropout,
  globalAvgPool,
  kaimingUniform,
  layer,
  maxPool,
  normal,
  pipe,
  sequential,
} from '../nn/index.ts';
import { concat, relu } from '../ops/index.ts';
import { type Activation, activations, choose } from './choices.ts';
import { type ClassifierOptions, entry } from './entry.ts';
import { kernels, zeroBiases } from './initial.ts';
import { network } from './network.ts';

/**
 * Fire module (Iandola et al. 2016, fig. 1): [n, cin, h, w] to [n, 2·expand, h, w]. Keys: squeeze,
 * expand1x1, expand3x3. A ReLU follows each convolution.
 *
 *     x ─ 1×1 conv to squeeze ─┬─ 1×1 conv to expand ────────────┬─ concat
 *                              └─ 3×3 conv to expand, padding 1 ─┘
 */
export const fire = (cin: number, squeeze: number, expand: number, activation: Activation = relu) =>
  layer(
    'fire',
    {
      squeeze: conv(cin, squeeze, 1),
      expand1x1: conv(squeeze, expand, 1),
      expand3x3: conv(squeeze, expand, 3, { padding: 1 }),
    },
    (l, x) => {
      const y = activation(l.squeeze(x));
      return concat([activation(l.expand1x1(y)), activation(l.expand3x3(y))]);
    },
  );

const pool = () => maxPool(3, { stride: 2, ceilMode: true });

/** Squeeze and expand widths of fire modules; null stands for pooling. */
const layouts = {
  '1.0': {
    stem: { width: 96, kernel: 7 },
    fires: [
      [16, 64],
      [16, 64],
      [32, 128],
      null,
      [32, 128],
      [48, 192],
      [48, 192],
      [64, 256],
      null,
      [64, 256],
    ],
  },
  '1.1': {
    stem: { width: 64, kernel: 3 },
    fires: [
      [16, 64],
      [16, 64],
      null,
      [32, 128],
      [32, 128],
      null,
      [48, 192],
      [48, 192],
      [64, 256],
      [64, 256],
    ],
  },
} as const;

export interface SqueezenetOptions extends Omit<ClassifierOptions, 'size'> {
  readonly dropout: number;
  readonly activation: string;
}

const nameOf = (version: string): string => `squeezenet${version.replace('.', '_')}`;

/**
 * SqueezeNet: fire modules, and one map per class, averaged. [n, c, h, w] to [n, classes]; the last
 * convolution ends in an activation, so that with ReLU no logit is below 0.
 */
export function squeezenet(version: keyof typeof layouts, options: SqueezenetOptions) {
  const { classes, channels, dropout: rate, activation } = options;
  const { stem, fires } = layouts[version];
  const act = choose('activation', activations, activation);
  let cin: number = stem.width;
  const modules = fires.map((widths) => {
    if (widths === null) return pool();
    const module = fire(cin, widths[0], widths[1], act);
    cin = 2 * widths[1];
    return module;
  });
  return network(
    nameOf(version),
    {
      features: sequential(
        ...[conv(channels, stem.width, stem.kernel, { stride: 2 }), act, pool()],
        ...modules,
      ),
      classifier: sequential(dropout(rate), conv(cin, classes, 1), act),
    },
    (l, x) => pipe(x, l.features, l.classifier, globalAvgPool),
  );
}

export const squeezenetFamily = (['1.0', '1.1'] as const).map((version) =>
  entry({
    name: nameOf(version),
    family: 'squeezenet',
    description: `SqueezeNet ${version}, as torchvision has it`,
    options: { classes: 1000, channels: 3, size: 224, dropout: 0.5, activation: 'relu' },
    initial: {
      overrides: [
        { match: /^classifier\.1\.weight$/, initial: normal(0, 0.01) },
        kernels(kaimingUniform()),
        zeroBiases,
      ],
    },
    build: (options) => squeezenet(version, options),
  }),
);
