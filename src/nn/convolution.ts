import { shapeError, type Tensor } from '../graph/index.ts';
import {
  add,
  conv2d,
  conv2dInputGrad,
  matmul,
  type Pair,
  type Quad,
  reshape,
} from '../ops/index.ts';
import { checkSizes } from './check.ts';
import { defaultBias, defaultWeight } from './initializers.ts';
import { layer } from './layer.ts';
import { parameter } from './parameters.ts';

export interface ConvOptions {
  /** 1 by default. */
  readonly stride?: number | Pair;
  /** Zeros around the image: all sides, [rows, columns], or [top, left, bottom, right]. */
  readonly padding?: number | Pair | Quad;
  readonly dilation?: number | Pair;
  readonly groups?: number;
  /** Whether a number per output channel is added; true by default. */
  readonly bias?: boolean;
}

const pairOf = (value: number | Pair): Pair => (typeof value === 'number' ? [value, value] : value);

function checkConv(name: string, cin: number, cout: number, kernel: Pair, groups: number): void {
  checkSizes(name, { cin, cout, 'kernel height': kernel[0], 'kernel width': kernel[1], groups });
  if (cin % groups !== 0 || cout % groups !== 0) {
    throw shapeError(name, 'cin and cout must be multiples of groups', { cin, cout, groups });
  }
}

const addPerChannel = (y: Tensor, bias: Tensor | undefined): Tensor =>
  bias ? add(y, reshape(bias, { shape: [bias.shape[0]!, 1, 1] })) : y;

/** Convolves [n, cin, h, w] to [n, cout, h′, w′]. Keys: weight [cout, cin/groups, kh, kw], bias. */
export function conv(cin: number, cout: number, kernel: number | Pair, options: ConvOptions = {}) {
  const { bias = true, groups = 1, ...rest } = options;
  const [kh, kw] = pairOf(kernel);
  checkConv('conv', cin, cout, [kh, kw], groups);
  const shape = [cout, cin / groups, kh, kw];
  const attrs = { ...rest, groups };
  return layer(
    'conv',
    {
      weight: parameter(shape, defaultWeight),
      bias: bias ? parameter([cout], defaultBias(shape)) : undefined,
    },
    (l, x) => addPerChannel(conv2d(x, l.weight, attrs), l.bias),
  );
}

export interface ConvTransposeOptions extends ConvOptions {
  /** Rows and columns to add at the bottom and the right, below the stride; 0 by default. */
  readonly outputPadding?: number | Pair;
  readonly padding?: number | Pair;
}

/**
 * Transposed convolution, which enlarges: [n, cin, h, w] to [n, cout, h′, w′], with
 * h′ = (h − 1)·stride − 2·padding + dilation·(kernel − 1) + outputPadding + 1.
 * Keys: weight [cin, cout/groups, kh, kw], bias.
 */
export function convTranspose(
  cin: number,
  cout: number,
  kernel: number | Pair,
  options: ConvTransposeOptions = {},
) {
  const { bias = true, groups = 1, stride = 1, dilation = 1, padding = 0 } = options;
  const sizes = pairOf(kernel);
  checkConv('convTranspose', cin, cout, sizes, groups);
  const shape = [cin, cout / groups, ...sizes];
  const [strides, dilations, paddings] = [pairOf(stride), pairOf(dilation), pairOf(padding)];
  const extra = pairOf(options.outputPadding ?? 0);
  const enlarged = (size: number, axis: 0 | 1): number =>
    (size - 1) * strides[axis] -
    2 * paddings[axis] +
    dilations[axis] * (sizes[axis] - 1) +
    extra[axis] +
    1;
  return layer(
    'convTranspose',
    {
      weight: parameter(shape, defaultWeight),
      bias: bias ? parameter([cout], defaultBias(shape)) : undefined,
    },
    (l, x) => {
      const size: Pair = [enlarged(x.shape[2]!, 0), enlarged(x.shape[3]!, 1)];
      const attrs = { stride, padding, dilation, groups, size };
      return addPerChannel(conv2dInputGrad(x, l.weight, attrs), l.bias);
    },
  );
}

/** Maps [..., cin] to [..., cout]: x·weightᵀ + bias. Keys: weight [cout, cin], bias. */
export function linear(cin: number, cout: number, options: { readonly bias?: boolean } = {}) {
  checkSizes('linear', { cin, cout });
  const shape = [cout, cin];
  return layer(
    'linear',
    {
      weight: parameter(shape, defaultWeight),
      bias: (options.bias ?? true) ? parameter([cout], defaultBias(shape)) : undefined,
    },
    (l, x) => {
      if (x.shape.at(-1) !== cin) {
        throw shapeError('linear', `the last axis of x must be ${cin}`, { x });
      }
      const y = matmul(x, l.weight, { transposeB: true });
      return l.bias ? add(y, l.bias) : y;
    },
  );
}
