import type { Tensor } from '../graph/index.ts';
import { batchNorm, conv, identity, layer, pipe, sequential } from '../nn/index.ts';
import { add, pad, relu, slice } from '../ops/index.ts';
import type { Activation, Norm } from './choices.ts';

type Function = (x: Tensor) => Tensor;

/** What a block adds to its body where that changes the shape; `undefined`: nothing, anywhere. */
export type Shortcut = (
  cin: number,
  cout: number,
  stride: number,
  options: { readonly norm: Norm; readonly bias: boolean },
) => Function;

/** Ways to bring the input of a block to the shape of its output. */
export const shortcuts = {
  /** A 1×1 convolution and a norm (option B of the paper). */
  projection: (cin, cout, stride, { norm, bias }) =>
    sequential(conv(cin, cout, 1, { stride, bias }), norm(cout)),
  /** A 1×1 convolution alone. */
  convolution: (cin, cout, stride, { bias }) => conv(cin, cout, 1, { stride, bias }),
  /** Every stride-th pixel, and channels of zeros on both sides (option A). */
  padding: (cin, cout, stride) => (x) => {
    const side = [0, Math.floor((cout - cin) / 2), 0, 0];
    const pixels = slice(x, {
      start: [0, 0, 0, 0],
      end: x.shape,
      step: [1, 1, stride, stride],
    });
    return pad(pixels, { before: side, after: [0, cout - cin - side[1]!, 0, 0] });
  },
} satisfies Record<string, Shortcut>;

export interface ResidualOptions {
  readonly stride?: number;
  /** Batch normalisation by default. */
  readonly norm?: Norm;
  readonly activation?: Activation;
  /** Whether convolutions add a bias; no by default. */
  readonly bias?: boolean;
  /** `shortcuts.projection` by default; 'none' makes the plain net that the paper compares with. */
  readonly shortcut?: Shortcut | 'none';
  /** Whether the last norm starts at 0, so that the block starts as its shortcut (Goyal et al. 2017). */
  readonly zeroInit?: boolean;
}

export interface BottleneckOptions extends ResidualOptions {
  /** Groups of the 3×3 convolution (Xie et al. 2017). */
  readonly groups?: number;
  /** Width of a group where `width` is 64 (Zagoruyko and Komodakis 2016); 64 by default. */
  readonly groupWidth?: number;
}

const filled = (options: ResidualOptions) => ({
  ...{ stride: 1, norm: batchNorm as Norm, activation: relu as Activation, bias: false },
  ...{ shortcut: shortcuts.projection as Shortcut | 'none', zeroInit: false },
  ...options,
});

/** The part `downsample`; `undefined` where nothing is to be added. */
function downsample(
  cin: number,
  cout: number,
  { stride, shortcut, norm, bias }: ReturnType<typeof filled>,
): Function | undefined {
  if (shortcut === 'none') return undefined;
  return stride === 1 && cin === cout ? identity : shortcut(cin, cout, stride, { norm, bias });
}

const plus = (y: Tensor, x: Tensor, through: Function | undefined): Tensor =>
  through === undefined ? y : add(y, through(x));

/**
 * Basic residual block (He et al. 2016, fig. 2): [n, cin, h, w] to [n, cout, h/stride, w/stride].
 * Keys: conv1, bn1, conv2, bn2, and downsample.0, downsample.1 where the shape changes.
 *
 *     x ─┬─ 3×3 conv, stride ─ norm ─ ReLU ─ 3×3 conv ─ norm ─ + ─ ReLU
 *        └─ (1×1 conv, stride ─ norm) ─────────────────────────┘
 */
export function residual(cin: number, cout: number, options: ResidualOptions = {}) {
  const all = filled(options);
  const { stride, norm, activation: act, bias, zeroInit } = all;
  return layer(
    'residual',
    {
      conv1: conv(cin, cout, 3, { stride, padding: 1, bias }),
      bn1: norm(cout),
      conv2: conv(cout, cout, 3, { padding: 1, bias }),
      bn2: norm(cout, { scale: zeroInit ? 0 : 1 }),
      downsample: downsample(cin, cout, all),
    },
    (l, x) => act(plus(pipe(x, l.conv1, l.bn1, act, l.conv2, l.bn2), x, l.downsample)),
  );
}

/** How many times wider a bottleneck's output is than its width. */
export const EXPANSION = 4;

const innerWidth = (width: number, { groups = 1, groupWidth = 64 }: BottleneckOptions) =>
  Math.floor((width * groupWidth) / 64) * groups;

/**
 * Bottleneck block (He et al. 2016, fig. 5) with the stride on the 3×3 convolution, as torchvision
 * has it: [n, cin, h, w] to [n, 4·width, h/stride, w/stride]. Keys: conv1, bn1, conv2, bn2, conv3,
 * bn3, and downsample.0, downsample.1 where the shape changes.
 *
 *     x ─┬─ 1×1 conv ─ norm ─ ReLU ─ 3×3 conv, stride ─ norm ─ ReLU ─ 1×1 conv ×4 ─ norm ─ + ─ ReLU
 *        └─ (1×1 conv, stride ─ norm) ─────────────────────────────────────────────────────┘
 */
export function bottleneck(cin: number, width: number, options: BottleneckOptions = {}) {
  const all = filled(options);
  const { stride, norm, activation: act, bias, zeroInit } = all;
  const [inner, cout] = [innerWidth(width, options), EXPANSION * width];
  return layer(
    'bottleneck',
    {
      conv1: conv(cin, inner, 1, { bias }),
      bn1: norm(inner),
      conv2: conv(inner, inner, 3, { stride, padding: 1, groups: options.groups ?? 1, bias }),
      bn2: norm(inner),
      conv3: conv(inner, cout, 1, { bias }),
      bn3: norm(cout, { scale: zeroInit ? 0 : 1 }),
      downsample: downsample(cin, cout, all),
    },
    (l, x) => {
      const y = pipe(x, l.conv1, l.bn1, act, l.conv2, l.bn2, act, l.conv3, l.bn3);
      return act(plus(y, x, l.downsample));
    },
  );
}

/**
 * Residual block with the activation in front (He et al. 2016, Identity mappings, fig. 4e): [n, cin,
 * h, w] to [n, cout, h/stride, w/stride]. Keys: bn1, conv1, bn2, conv2, and downsample where the
 * shape changes. Nothing follows the addition.
 *
 *     x ─ norm ─ ReLU ─┬─ 3×3 conv, stride ─ norm ─ ReLU ─ 3×3 conv ─ +
 *                      └─ 1×1 conv, stride ───────────────────────────┘    (x itself at equal shape)
 */
export function preResidual(cin: number, cout: number, options: ResidualOptions = {}) {
  const all = filled({ shortcut: shortcuts.convolution, ...options });
  const { stride, norm, activation: act, bias } = all;
  const shortcut = downsample(cin, cout, all);
  return layer(
    'preResidual',
    {
      bn1: norm(cin),
      conv1: conv(cin, cout, 3, { stride, padding: 1, bias }),
      bn2: norm(cout),
      conv2: conv(cout, cout, 3, { padding: 1, bias }),
      downsample: shortcut,
    },
    (l, x) => {
      const ready = act(l.bn1(x));
      const y = pipe(ready, l.conv1, l.bn2, act, l.conv2);
      return plus(y, shortcut === identity ? x : ready, l.downsample);
    },
  );
}

/**
 * Bottleneck with the activations in front: [n, cin, h, w] to [n, 4·width, h/stride, w/stride].
 * Keys: bn1, conv1, bn2, conv2, bn3, conv3, and downsample where the shape changes.
 *
 *     x ─ norm ─ ReLU ─┬─ 1×1 conv ─ norm ─ ReLU ─ 3×3 conv, stride ─ norm ─ ReLU ─ 1×1 conv ×4 ─ +
 *                      └─ 1×1 conv, stride ──────────────────────────────────────────────────────┘
 */
export function preBottleneck(cin: number, width: number, options: BottleneckOptions = {}) {
  const all = filled({ shortcut: shortcuts.convolution, ...options });
  const { stride, norm, activation: act, bias } = all;
  const shortcut = downsample(cin, EXPANSION * width, all);
  const [inner, cout] = [innerWidth(width, options), EXPANSION * width];
  return layer(
    'preBottleneck',
    {
      bn1: norm(cin),
      conv1: conv(cin, inner, 1, { bias }),
      bn2: norm(inner),
      conv2: conv(inner, inner, 3, { stride, padding: 1, groups: options.groups ?? 1, bias }),
      bn3: norm(inner),
      conv3: conv(inner, cout, 1, { bias }),
      downsample: shortcut,
    },
    (l, x) => {
      const ready = act(l.bn1(x));
      const y = pipe(ready, l.conv1, l.bn2, act, l.conv2, l.bn3, act, l.conv3);
      return plus(y, shortcut === identity ? x : ready, l.downsample);
    },
  );
}
