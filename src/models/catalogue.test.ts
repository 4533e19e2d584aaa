import { describe, expect, it } from 'vitest';
import { input } from '../graph/index.ts';
import { classification, initialize, namedVariables, parameterCount } from '../nn/index.ts';
import { evaluationStep, sgd, trainStep } from '../optim/index.ts';
import { listModels, model, modelEntry, models } from './catalogue.ts';

describe('model', () => {
  it.each([
    ['lenet', 61_706],
    ['lenet-bn', 44_878],
    ['lenet-modern', 429_546],
    ['mlp', 203_530],
  ])('%s has %d parameters', (name, count) => {
    expect(parameterCount(model(name))).toBe(count);
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
    [() => model('lenett'), 'there is no model "lenett" (did you mean "lenet"?); there are lenet,'],
    [
      () => model('lenet', { clases: 3 }),
      'model lenet: there is no option "clases" (did you mean "classes"?); there are classes, channels, size',
    ],
    [
      () => model('lenet', { classes: '3' }),
      'model lenet: option classes must be a number (it is "3")',
    ],
    [() => model('lenet', { size: 4 }), 'lenet: the images are too small (size is 4)'],
    [() => model('mlp', { classes: 0 }), 'linear: cout must be a whole number, 1 or more'],
  ])('%s', (make, message) => {
    expect(make).toThrow(message);
  });
});

describe('listModels', () => {
  it('filters by a pattern', () => {
    expect(listModels()).toEqual(models);
    const names = (pattern: string) => listModels(pattern).map(({ name }) => name);
    expect(names('lenet*')).toEqual(['lenet', 'lenet-bn', 'lenet-modern']);
    expect(names('*-BN')).toEqual(['lenet-bn']);
    expect(names('lenet')).toEqual(['lenet']);
    expect(names('le.et')).toEqual([]);
  });
});

describe.each(models.map(({ name }) => name))('%s', (name) => {
  const { options, initial } = modelEntry(name);
  const { classes, channels, size } = options;
  const net = model(name);
  const inputs = {
    x: { shape: [2, channels, size, size], dtype: 'float32' },
    y: { shape: [2], dtype: 'int32' },
  } as const;

  it('gives logits', () => {
    expect(net(input('x', inputs.x.shape)).shape).toEqual([2, classes]);
  });

  it('can be initialised, trained and used', () => {
    const weights = initialize(net, { seed: 0, ...initial });
    const step = trainStep({ model: net, inputs, ...classification(), optimizer: sgd() });
    expect(step.variables.filter(({ weight }) => weight !== undefined).length).toBe(weights.size);
    expect(step.trained.length).toBeGreaterThan(0);
    const { program } = evaluationStep({ model: net, inputs, ...classification() });
    expect(program.updates).toEqual([]);
    expect(program.instructions.some(({ op }) => op === 'randomDrop')).toBe(false);
  });
});
