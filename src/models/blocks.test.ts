import { describe, expect, it } from 'vitest';
import { input, type Tensor } from '../graph/index.ts';
import { batchNorm, identity, namedParameters, sequential } from '../nn/index.ts';
import {
  bottleneck,
  denseBlock,
  fire,
  inception,
  invertedResidual,
  ninBlock,
  preBottleneck,
  preResidual,
  residual,
  shortcuts,
  transition,
  vggBlock,
} from './index.ts';

const shapeOf = (block: (x: Tensor) => Tensor, ...shape: number[]) =>
  block(input('x', shape)).shape;

// The book's own examples where it has them.
describe('blocks', () => {
  it.each<[string, (x: Tensor) => Tensor, number[], number[]]>([
    ['vggBlock', sequential(...vggBlock(3, 8, 2)), [2, 3, 16, 16], [2, 8, 8, 8]],
    ['ninBlock', ninBlock(1, 96, 11, { stride: 4 }), [1, 1, 224, 224], [1, 96, 54, 54]],
    [
      'inception',
      inception(192, [64, [96, 128], [16, 32], 32]),
      [1, 192, 12, 12],
      [1, 256, 12, 12],
    ],
    ['residual', residual(3, 3), [4, 3, 6, 6], [4, 3, 6, 6]],
    ['residual with stride', residual(3, 6, { stride: 2 }), [4, 3, 6, 6], [4, 6, 3, 3]],
    [
      'option A',
      residual(3, 6, { stride: 2, shortcut: shortcuts.padding }),
      [4, 3, 7, 7],
      [4, 6, 4, 4],
    ],
    ['plain', residual(3, 6, { stride: 2, shortcut: 'none' }), [4, 3, 6, 6], [4, 6, 3, 3]],
    ['bottleneck', bottleneck(16, 8, { stride: 2 }), [2, 16, 6, 6], [2, 32, 3, 3]],
    ['preResidual', preResidual(3, 6, { stride: 2 }), [4, 3, 6, 6], [4, 6, 3, 3]],
    ['preBottleneck', preBottleneck(16, 8, { stride: 2 }), [2, 16, 6, 6], [2, 32, 3, 3]],
    ['denseBlock', denseBlock(3, 2, 10), [4, 3, 8, 8], [4, 23, 8, 8]],
    ['transition', transition(23, 10), [4, 23, 8, 8], [4, 10, 4, 4]],
    ['fire', fire(8, 2, 4), [2, 8, 5, 5], [2, 8, 5, 5]],
    ['invertedResidual', invertedResidual(8, 16, { stride: 2 }), [2, 8, 6, 6], [2, 16, 3, 3]],
  ])('%s', (_name, block, from, to) => {
    expect(shapeOf(block, ...from)).toEqual(to);
  });

  it('name their parameters as torchvision does', () => {
    const keys = (block: (x: Tensor) => Tensor) =>
      [...namedParameters(block).keys()].filter((key) => key.endsWith('weight'));
    expect(keys(residual(3, 6))).toEqual(
      ['conv1', 'bn1', 'conv2', 'bn2', 'downsample.0', 'downsample.1'].map((k) => `${k}.weight`),
    );
    expect(keys(residual(3, 3)).length).toBe(4);
    expect(keys(inception(8, [1, [2, 3], [4, 5], 6], { norm: batchNorm }))).toContain(
      'branch4.1.bn.weight',
    );
    expect(keys(fire(8, 2, 4))).toEqual(['squeeze.weight', 'expand1x1.weight', 'expand3x3.weight']);
    expect(keys(invertedResidual(8, 8))).toContain('conv.1.0.weight');
    expect(keys(ninBlock(1, 2, 3, { norm: () => identity }))).toEqual([
      'conv1.weight',
      'conv2.weight',
      'conv3.weight',
    ]);
  });
});
