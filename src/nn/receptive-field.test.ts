import { describe, expect, it } from 'vitest';
import { input, topological } from '../graph/index.ts';
import { model, modelEntry } from '../models/index.ts';
import { add, concat } from '../ops/index.ts';
import { conv, convTranspose, linear } from './convolution.ts';
import { layer, pipe, sequential } from './layer.ts';
import { batchNorm, groupNorm } from './normalization.ts';
import { avgPool, flatten, globalAvgPool, maxPool } from './pooling.ts';
import { receptiveFields } from './receptive-field.ts';
import { summarize } from './summary.ts';

const reachOf = (
  net: (x: ReturnType<typeof input>) => ReturnType<typeof input>,
  shape: number[],
) => {
  const y = net(input('x', shape));
  return receptiveFields(topological([y])).get(y);
};

/** [size, stride] of the last layer that sees a window, and not the whole image. */
function widest(name: string) {
  const { channels, size } = modelEntry(name).options;
  const { rows } = summarize(model(name), [1, channels, size, size]);
  const fields = rows.flatMap(({ receptiveField }) => receptiveField ?? []);
  const last = fields.findLast((field) => field !== 'all');
  if (last === undefined) throw new Error('there is no window');
  expect(last.size[0]).toBe(last.size[1]);
  return [last.size[0], last.stride[0]];
}

describe('receptive field', () => {
  // Worked out by hand: r ← r + (k − 1)·j, j ← j·s over the kernels k and strides s. Those of
  // AlexNet (195), VGG-16 (212) and ResNet-18 (435) are published (Araujo et al. 2019).
  it.each([
    ['lenet', 16, 4],
    ['alexnet', 195, 32],
    ['vgg11', 150, 32],
    ['vgg16', 212, 32],
    ['nin', 195, 32],
    ['resnet18', 435, 32],
    ['resnet50', 427, 32],
    ['squeezenet1_1', 207, 16],
  ])('of the last feature map of %s is %d pixels, every %d', (name, size, stride) => {
    expect(widest(name)).toEqual([size, stride]);
  });

  it('grows with kernels, dilation and strides, each axis for itself', () => {
    const net = sequential(conv(1, 2, [3, 5], { stride: [2, 1] }), conv(2, 2, 3, { dilation: 2 }));
    expect(reachOf(net, [1, 1, 20, 20])).toEqual({ size: [11, 9], stride: [2, 1] });
  });

  it('of joined paths holds the windows of all', () => {
    const one = conv(2, 2, 1);
    const three = conv(2, 2, 3, { padding: 1 });
    const joined = layer('joined', { one, three }, (l, x) =>
      concat([l.one(x), l.three(add(x, x))]),
    );
    expect(reachOf(joined, [1, 2, 8, 8])).toEqual({ size: [3, 3], stride: [1, 1] });
    // Off centre: rows −1 … 1 and 0 … 2.
    const shifted = conv(2, 2, 3, { padding: [0, 1, 2, 1] });
    const both = layer('both', { three, shifted }, (l, x) => add(l.three(x), l.shifted(x)));
    expect(reachOf(both, [1, 2, 8, 8])).toEqual({ size: [4, 3], stride: [1, 1] });
  });

  it('is not changed by norms, nor by flattening', () => {
    const norms = sequential(conv(1, 4, 3), batchNorm(4), groupNorm(2, 4), avgPool(2));
    expect(reachOf(norms, [1, 1, 8, 8])).toEqual({ size: [4, 4], stride: [2, 2] });
    const flat = (x: ReturnType<typeof input>) => pipe(x, maxPool(2), flatten);
    expect(reachOf(flat, [1, 1, 8, 8])).toEqual({ size: [2, 2], stride: [2, 2] });
  });

  it('is the whole image after a linear layer and a mean over the image', () => {
    expect(reachOf((x) => pipe(x, flatten, linear(64, 3)), [1, 1, 8, 8])).toBe('all');
    expect(reachOf(globalAvgPool, [1, 1, 8, 8])).toBe('all');
  });

  it('is not there where the input is no image', () => {
    expect(reachOf(linear(4, 3), [2, 4])).toBeUndefined();
  });

  it('is not claimed for what spreads an image out', () => {
    expect(reachOf(convTranspose(1, 1, 2, { stride: 2 }), [1, 1, 4, 4])).toBe('all');
  });
});
