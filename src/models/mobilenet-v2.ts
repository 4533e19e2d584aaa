import {
  batchNorm,
  conv,
  dropout,
  globalAvgPool,
  kaimingNormal,
  layer,
  linear,
  pipe,
  sequential,
} from '../nn/index.ts';
import { add, relu6 } from '../ops/index.ts';
import { type ClassifierOptions, entry } from './entry.ts';
import { kernelsAndSmallLinear } from './initial.ts';
import { network } from './network.ts';

/** Convolution, batch norm and ReLU6. Keys: 0 and 1. */
const unit = (cin: number, cout: number, kernel: number, { stride = 1, groups = 1 } = {}) =>
  sequential(
    conv(cin, cout, kernel, { stride, groups, padding: kernel >> 1, bias: false }),
    batchNorm(cout),
    relu6,
  );

/**
 * Inverted residual (Sandler et al. 2018, fig. 3b): [n, cin, h, w] to [n, cout, h/stride, w/stride].
 * Keys: conv.0.0, conv.0.1, conv.1.0, … in the order of execution; without expansion (`expand` 1)
 * the first convolution is left out.
 *
 *     x ─┬─ 1×1 conv to expand·cin ─ BN ─ ReLU6 ─ 3×3 depthwise, stride ─ BN ─ ReLU6 ─ 1×1 conv ─ BN ─ +
 *        └─────────────────────────── where the shape stays ───────────────────────────────────────────┘
 */
export function invertedResidual(
  cin: number,
  cout: number,
  { stride = 1, expand = 6 }: { readonly stride?: number; readonly expand?: number } = {},
) {
  const width = cin * expand;
  const body = sequential(
    ...(expand === 1 ? [] : [unit(cin, width, 1)]),
    unit(width, width, 3, { stride, groups: width }),
    conv(width, cout, 1, { bias: false }),
    batchNorm(cout),
  );
  const same = stride === 1 && cin === cout;
  return layer('invertedResidual', { conv: body }, (l, x) =>
    same ? add(x, l.conv(x)) : l.conv(x),
  );
}

/** The paper's table 2. */
const stages = [
  { expand: 1, channels: 16, blocks: 1, stride: 1 },
  { expand: 6, channels: 24, blocks: 2, stride: 2 },
  { expand: 6, channels: 32, blocks: 3, stride: 2 },
  { expand: 6, channels: 64, blocks: 4, stride: 2 },
  { expand: 6, channels: 96, blocks: 3, stride: 1 },
  { expand: 6, channels: 160, blocks: 3, stride: 2 },
  { expand: 6, channels: 320, blocks: 1, stride: 1 },
];

/** The multiple of 8 nearest to `channels`, unless that takes away more than a tenth. */
function divisibleBy8(channels: number): number {
  const nearest = Math.max(8, Math.floor((channels + 4) / 8) * 8);
  return nearest < 0.9 * channels ? nearest + 8 : nearest;
}

export interface MobilenetV2Options extends Omit<ClassifierOptions, 'size'> {
  /** Multiplies the channels of every layer; the last one keeps at least its 1280. */
  readonly width: number;
  readonly dropout: number;
}

/** MobileNetV2: [n, c, h, w] to [n, classes]. */
export function mobilenetV2({ classes, channels, width, dropout: rate }: MobilenetV2Options) {
  const first = divisibleBy8(32 * width);
  const last = divisibleBy8(1280 * Math.max(1, width));
  let cin = first;
  const blocks = stages.flatMap(({ expand, channels, blocks, stride }) => {
    const cout = divisibleBy8(channels * width);
    return Array.from({ length: blocks }, (_, i) => {
      const block = invertedResidual(cin, cout, { expand, stride: i === 0 ? stride : 1 });
      cin = cout;
      return block;
    });
  });
  return network(
    'mobilenet_v2',
    {
      features: sequential(unit(channels, first, 3, { stride: 2 }), ...blocks, unit(cin, last, 1)),
      classifier: sequential(dropout(rate), linear(last, classes)),
    },
    (l, x) => pipe(x, l.features, globalAvgPool, l.classifier),
  );
}

export const mobilenetFamily = [
  entry({
    name: 'mobilenet_v2',
    family: 'mobilenet',
    description: 'MobileNetV2, as torchvision has it',
    options: { classes: 1000, channels: 3, size: 224, width: 1, dropout: 0.2 },
    initial: kernelsAndSmallLinear(kaimingNormal({ mode: 'fanOut' })),
    build: mobilenetV2,
  }),
];
