import { describe, expect, it } from 'vitest';
import { input } from '../graph/index.ts';
import { classification, namedVariables, parameterCount } from '../nn/index.ts';
import { evaluationStep, sgd, trainStep } from '../optim/index.ts';
import { listModels, model, modelEntry, models } from './catalogue.ts';

describe('model', () => {
  // Published numbers: of the book, of torchvision, and of the authors' own CIFAR nets. Those of the
  // rest are what the layers add up to.
  it.each([
    ['lenet', 61_706],
    ['lenet-bn', 44_878],
    ['lenet-modern', 429_546],
    ['mlp', 203_530],
    ['alexnet', 61_100_840],
    ['alexnet-book', 46_764_746],
    ['vgg11', 132_863_336],
    ['vgg11_bn', 132_868_840],
    ['vgg13', 133_047_848],
    ['vgg13_bn', 133_053_736],
    ['vgg16', 138_357_544],
    ['vgg16_bn', 138_365_992],
    ['vgg19', 143_667_240],
    ['vgg19_bn', 143_678_248],
    ['vgg11-book', 43_093_322],
    ['nin', 1_992_166],
    ['nin-11', 11_646_730],
    ['nin-16', 18_373_322],
    ['nin-19', 24_872_906],
    ['googlenet', 6_624_904],
    ['googlenet-book', 5_977_530],
    ['googlenet-book-bn', 5_984_810],
    ['resnet18', 11_689_512],
    ['resnet34', 21_797_672],
    ['resnet50', 25_557_032],
    ['resnet101', 44_549_160],
    ['resnet152', 60_192_808],
    ['wide_resnet50_2', 68_883_240],
    ['wide_resnet101_2', 126_886_696],
    ['resnext50_32x4d', 25_028_904],
    ['resnext101_32x8d', 88_791_336],
    ['resnext101_64x4d', 83_455_272],
    ['resnet18-v2', 11_687_720],
    ['resnet34-v2', 21_795_880],
    ['resnet50-v2', 25_549_352],
    ['resnet101-v2', 44_541_480],
    ['resnet152-v2', 60_185_128],
    ['resnet18-book', 11_178_378],
    ['resnet18-book-cifar', 11_176_970],
    ['resnet20', 269_722],
    ['resnet32', 464_154],
    ['resnet44', 658_586],
    ['resnet56', 853_018],
    ['resnet110', 1_727_962],
    ['densenet121', 7_978_856],
    ['densenet161', 28_681_000],
    ['densenet169', 14_149_480],
    ['densenet201', 20_013_928],
    ['densenet264', 33_337_704],
    ['densenet-book', 758_226],
    ['squeezenet1_0', 1_248_424],
    ['squeezenet1_1', 1_235_496],
    ['mobilenet_v2', 3_504_872],
  ])('%s has %d parameters', (name, count) => {
    expect(parameterCount(model(name))).toBe(count);
  });

  it('has the whole VGG-11 of the book at a ratio of 1', () => {
    expect(parameterCount(model('vgg11-book', { ratio: 1 }))).toBe(128_806_154);
  });

  it('names the parameters of LeNet after its layers', () => {
    expect([...namedVariables(model('lenet')).keys()]).toEqual(
      ['conv1', 'conv2', 'fc1', 'fc2', 'fc3'].flatMap((key) => [`${key}.weight`, `${key}.bias`]),
    );
  });

  it('takes other images and classes', () => {
    const net = model('lenet', { classes: 5, channels: 3, size: 32 });
    expect(net(input('x', [2, 3, 32, 32])).shape).toEqual([2, 5]);
  });

  it('takes its own default for what is undefined', () => {
    expect(parameterCount(model('mlp', { hidden: undefined, dropout: 0.5 }))).toBe(203_530);
  });

  it.each<[() => unknown, string]>([
    [
      () => model('lenett'),
      'there is no model "lenett" (did you mean "lenet"?); there are the families lenet, mlp,',
    ],
    [
      () => model('lenet', { clases: 3 }),
      'model lenet: there is no option "clases" (did you mean "classes"?); there are classes, channels, size,',
    ],
    [
      () => model('lenet', { classes: '3' }),
      'model lenet: option classes must be a number (it is "3")',
    ],
    [
      () => model('lenet', { size: 4 }),
      'lenet: the images are too small; the smallest that work are 12 × 12 (size is 4)',
    ],
    [
      () => model('alexnet-book', { size: 32 }),
      'alexnet-book: the images are too small; the smallest that work are 65 × 65 (size is 32)',
    ],
    [
      () => model('mlp', { classes: 1 }),
      'model mlp: option classes must be a whole number, 2 or more (it is 1)',
    ],
    [
      () => model('resnet18', { activation: 'rellu' }),
      'option activation: there is no "rellu" (did you mean "relu"?); there are relu, relu6,',
    ],
    [
      () => model('resnet18', { stem: 'cifar10' }),
      'option stem: there is no "cifar10" (did you mean "cifar"?); there are imagenet, cifar',
    ],
    [
      () => model('vgg16', { ratio: 3 }),
      'vgg16: ratio must divide the channels of every layer (width is 64, ratio is 3)',
    ],
    [
      () => model('resnet50')(input('x', [2, 1, 64, 64])),
      'x channels must equal w[1] (x is [2, 1, 64, 64], w is [64, 3, 7, 7]) in resnet50 › conv1',
    ],
  ])('%s', (make, message) => {
    expect(make).toThrow(message);
  });
});

describe('listModels', () => {
  it('filters by a pattern', () => {
    expect(listModels()).toEqual(models);
    const names = (pattern: string) => listModels(pattern).map(({ name }) => name);
    expect(names('lenet*')).toEqual(['lenet', 'lenet-bn', 'lenet-modern']);
    expect(names('*-BN')).toEqual(['lenet-bn', 'googlenet-book-bn']);
    expect(names('lenet')).toEqual(['lenet']);
    expect(names('le.et')).toEqual([]);
  });
});

describe('an image too small', () => {
  it.each([
    ['alexnet', 63],
    ['vgg16', 32],
    ['nin', 67],
    ['googlenet', 15],
    ['densenet121', 29],
    ['squeezenet1_0', 21],
    ['squeezenet1_1', 17],
  ])('%s names the smallest, %d', (name, smallest) => {
    const { channels, classes } = modelEntry(name).options;
    const run = (side: number) => model(name)(input('x', [2, channels, side, side + 3]));
    expect(run(smallest).shape).toEqual([2, classes]);
    expect(() => run(smallest - 1)).toThrow(
      `${name}: the images are too small; the smallest that work are ${smallest} × ${smallest} (x is`,
    );
  });

  it.each(['googlenet-book', 'resnet18', 'mobilenet_v2'])('%s takes any', (name) => {
    const { channels, classes } = modelEntry(name).options;
    expect(model(name)(input('x', [2, channels, 1, 1])).shape).toEqual([2, classes]);
  });
});

describe.each(models.map(({ name }) => name))('%s', (name) => {
  const { classes, channels, size } = modelEntry(name).options;
  const net = model(name);
  const inputs = {
    x: { shape: [2, channels, size, size], dtype: 'float32' },
    y: { shape: [2], dtype: 'int32' },
  } as const;

  it('gives logits', () => {
    expect(net(input('x', inputs.x.shape)).shape).toEqual([2, classes]);
  });

  it('trains every parameter, and is used without dropout and updates', () => {
    const step = trainStep({ model: net, inputs, ...classification(), optimizer: sgd() });
    const weights = step.variables.filter(({ weight }) => weight !== undefined);
    expect(weights.length).toBe(namedVariables(net).size);
    const trainable = [...namedVariables(net).keys()].filter((key) => !/running_|num_b/.test(key));
    expect(step.trained).toEqual(trainable);
    const { program } = evaluationStep({ model: net, inputs, ...classification() });
    expect(program.updates).toEqual([]);
    expect(program.instructions.some(({ op }) => op === 'randomDrop')).toBe(false);
  });
});
