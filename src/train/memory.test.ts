import { describe, expect, it } from 'vitest';
import { model } from '../models/index.ts';
import { conv, flatten, linear, sequential } from '../nn/index.ts';
import { relu } from '../ops/index.ts';
import { adam, sgd } from '../optim/index.ts';
import { networkMemory as memoryOf } from './memory.ts';

/** Of networks that can be trained with the shape. */
const networkMemory = (...args: Parameters<typeof memoryOf>) => {
  const { training, inference } = memoryOf(...args);
  return { training: training!, inference };
};

const plain = { optimizer: sgd() };

describe('memory of a network', () => {
  it('counts what the layers of a small net keep', () => {
    const net = sequential(conv(1, 4, 3, { padding: 1 }), relu, flatten, linear(4 * 64, 10));
    const { training, inference } = networkMemory(net, [2, 1, 8, 8], plain);
    const parameters = 4 * (4 * 9 + 4 + 2560 + 10);
    expect(training).toMatchObject({ parameters, optimizer: 0, prepared: 0 });
    // The image [2, 1, 8, 8] and the output of relu [2, 4, 8, 8]; and what the loss keeps, a few
    // rows [2, 10].
    const kept = 4 * (128 + 512);
    expect(training.activations).toBeGreaterThan(kept);
    expect(training.activations).toBeLessThanOrEqual(kept + 4 * 3 * 20);
    // The gradient of the linear layer's weight is large, and beside it lies at least what it is
    // computed from.
    const planned = training.activations + training.working;
    expect(planned).toBeGreaterThanOrEqual(4 * (2560 + 512));
    expect(planned).toBeLessThanOrEqual(4 * (2560 + 2 * 512 + 128 + 60));
    expect(inference).toMatchObject({ parameters, statistics: 0, activations: 0 });
    // Image and feature map together.
    expect(inference.working).toBeGreaterThanOrEqual(4 * (128 + 512));
    expect(inference.working).toBeLessThanOrEqual(4 * (128 + 512 + 64));
  });

  it('adds up', () => {
    const { training, inference } = networkMemory(model('resnet20'), [3, 3, 32, 32], plain);
    for (const { total, ...parts } of [training, inference]) {
      expect(Object.values(parts).reduce((a, b) => a + b, 0)).toBe(total);
    }
  });

  it('counts the memory of the optimiser', () => {
    const trainingOf = (optimizer: ReturnType<typeof sgd>) =>
      networkMemory(model('lenet'), [1, 1, 28, 28], { optimizer }).training;
    const { parameters } = trainingOf(sgd());
    expect(parameters).toBe(4 * 61_706);
    expect(trainingOf(sgd({ momentum: 0.9 })).optimizer).toBe(parameters);
    expect(trainingOf(adam()).optimizer).toBe(2 * parameters);
  });

  it('counts folded weights and running statistics', () => {
    const { training, inference } = networkMemory(model('resnet20'), [1, 3, 32, 32], plain);
    // Two numbers a channel and a counter for each of 19 norms; step and seed.
    const channels = 16 + 2 * 3 * 16 + 2 * 3 * 32 + 2 * 3 * 64;
    expect(inference.statistics).toBe(4 * (2 * channels + 19));
    expect(training.statistics - inference.statistics).toBe(4);
    expect(inference.prepared).toBeGreaterThan(0.9 * inference.parameters);
  });

  it('grows with the batch, apart from the weights', () => {
    const at = (n: number) => networkMemory(model('nin'), [n, 1, 96, 96], plain).training;
    expect(at(8).activations / at(4).activations).toBeCloseTo(2, 1);
    expect(at(8).parameters).toBe(at(4).parameters);
  });
});
