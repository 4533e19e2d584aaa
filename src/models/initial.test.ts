import { describe, expect, it } from 'vitest';
import { initialize } from '../nn/index.ts';
import { model, modelEntry } from './catalogue.ts';

const spread = (values: ArrayLike<number>) => {
  const list = Array.from(values);
  const mean = list.reduce((a, b) => a + b, 0) / list.length;
  return Math.sqrt(list.reduce((a, b) => a + (b - mean) ** 2, 0) / list.length);
};

const start = (name: string, options: Record<string, unknown> = {}) =>
  initialize(model(name, options), { seed: 0, ...modelEntry(name).initial });

const thin = { ratio: 4, hidden: 64 };

// Standard deviations as torchvision's constructors draw them, or the book's xavier_uniform_.
describe('weights start with the spread of their family', () => {
  it.each<[string, Record<string, unknown>, string, number]>([
    ['alexnet', { hidden: 64 }, 'features.3.weight', 1 / Math.sqrt(3 * 64 * 25)],
    ['alexnet', { hidden: 64 }, 'features.3.bias', 1 / Math.sqrt(3 * 64 * 25)],
    ['alexnet-book', { hidden: 64 }, 'features.3.weight', Math.sqrt(2 / ((96 + 256) * 25))],
    ['vgg11', thin, 'features.3.weight', Math.sqrt(2 / (32 * 9))],
    ['vgg11', thin, 'classifier.0.weight', 0.01],
    ['vgg11', thin, 'classifier.0.bias', 0],
    ['vgg11-book', thin, 'features.3.weight', Math.sqrt(2 / ((16 + 32) * 9))],
    ['googlenet', {}, 'inception4a.branch2.1.conv.weight', 0.01],
    ['googlenet', {}, 'fc.weight', 0.01],
    ['resnet18', {}, 'layer2.0.conv1.weight', Math.sqrt(2 / (128 * 9))],
    ['resnet18', {}, 'fc.weight', 1 / Math.sqrt(3 * 512)],
    ['resnet18-book', {}, 'layer2.0.conv1.weight', Math.sqrt(2 / ((64 + 128) * 9))],
    ['resnet20', {}, 'layer2.0.conv2.weight', Math.sqrt(2 / (32 * 9))],
    ['densenet121', {}, 'features.denseblock1.denselayer2.conv1.weight', Math.sqrt(2 / 96)],
    ['densenet121', {}, 'classifier.weight', 1 / Math.sqrt(3 * 1024)],
    ['densenet121', {}, 'classifier.bias', 0],
    ['squeezenet1_1', {}, 'features.12.expand3x3.weight', Math.sqrt(2 / (64 * 9))],
    ['squeezenet1_1', {}, 'classifier.1.weight', 0.01],
    ['squeezenet1_1', {}, 'classifier.1.bias', 0],
    ['mobilenet_v2', {}, 'features.2.conv.0.0.weight', Math.sqrt(2 / 96)],
    ['mobilenet_v2', {}, 'classifier.1.weight', 0.01],
    ['mobilenet_v2', {}, 'classifier.1.bias', 0],
  ])('%s %o: %s', (name, options, key, expected) => {
    const values = start(name, options).get(key)!;
    // Four standard errors of a spread, from above for all distributions used here.
    const error = (4 * expected) / Math.sqrt(2 * values.length);
    expect(Math.abs(spread(values) - expected)).toBeLessThanOrEqual(error);
  });

  it('lets the blocks of a ResNet start as their shortcuts', () => {
    const scales = (name: string, zeroInit: boolean, key: string) =>
      start(name, { ratio: 8, zeroInit }).get(key)!;
    for (const [name, key] of [
      ['resnet18', 'layer3.1.bn2.weight'],
      ['resnet50', 'layer3.1.bn3.weight'],
    ] as const) {
      expect(new Set(scales(name, true, key))).toEqual(new Set([0]));
      expect(new Set(scales(name, false, key))).toEqual(new Set([1]));
    }
    expect(scales('resnet18', true, 'layer3.1.bn1.weight')[0]).toBe(1);
  });
});
