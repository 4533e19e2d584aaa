import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Engine } from '../engines/engine.ts';
import { wasmEngine } from '../engines/wasm/index.ts';
import { model } from '../models/index.ts';
import { classification, flatten, initialize, linear, sequential } from '../nn/index.ts';
import { sigmoid } from '../ops/index.ts';
import { sgd, startingValues, trainStep } from '../optim/index.ts';
import { findings as augmentationFindings } from './augmentation.ts';
import { findings as batchnormFindings } from './batchnorm.ts';
import { findings as degradationFindings } from './degradation.ts';
import { denseShare } from './dense-share.ts';
import { gradientNorms } from './gradients.ts';

const short = (trainLoss: number, trainAccuracy: number, testAccuracy = 0.5) => ({
  ...{ trainLoss, trainAccuracy, testLoss: 1, testAccuracy, rows: [] },
});

describe('what is said follows the numbers:', () => {
  const nets = (losses: readonly [number, number, number, number]) =>
    losses.map((loss, i) => ({
      ...short(loss, 0.9),
      kind: i < 2 ? ('plain' as const) : ('residual' as const),
      depth: i % 2 === 0 ? 8 : 20,
      parameters: 1,
    }));

  it('degradation', () => {
    expect(degradationFindings(nets([0.2, 0.6, 0.2, 0.2])).join()).toMatch(
      /plain nets get worse with depth \(3\.0 times.*residual nets stay about the same.*This is degradation/,
    );
    expect(degradationFindings(nets([0.2, 0.2, 0.2, 0.1])).join()).toMatch(
      /residual nets get better.*does not show/,
    );
    expect(degradationFindings(nets([0.2, 0.6, 0.2, 0.3])).join()).toMatch(
      /not yet to the 90\.0 % of 8/,
    );
    expect(degradationFindings(nets([0.2, 0.6, 0.2, 0.6])).join()).toMatch(/do not help/);
  });

  it('the largest learning rate', () => {
    const row = (net: string, lr: number, learns: boolean) => ({
      ...{ net, lr, learns, testAccuracy: learns ? 0.8 : 0.1 },
    });
    const rows = (without: boolean, withNorm: boolean) => [
      ...[row('LeNet', 0.1, true), row('LeNet', 1, without)],
      ...[row('LeNet, batch norm', 0.1, true), row('LeNet, batch norm', 1, withNorm)],
    ];
    expect(batchnormFindings(rows(false, true), 0.5)[1]).toMatch(/10 times as large/);
    expect(batchnormFindings(rows(true, true), 0.5)[1]).toMatch(/does not stand larger rates/);
    expect(batchnormFindings(rows(true, true), 0.5)[0]).toMatch(/largest that was tried/);
  });

  it('augmentation', () => {
    const pair = (train: number, test: number) => [
      { augmentation: 'without' as const, ...short(0.1, 1, 0.8) },
      { augmentation: 'with' as const, ...short(0.2, train, test) },
    ];
    expect(augmentationFindings(pair(0.95, 0.85), 100).join()).toMatch(
      /20\.0 points above.*10\.0 points above.*becomes smaller.*gains 5\.0 points/,
    );
    expect(augmentationFindings(pair(0.8, 0.85), 100)[0]).toMatch(/5\.0 points below it with/);
    expect(augmentationFindings(pair(1, 0.7), 100).join()).toMatch(/becomes larger.*loses/);
    expect(augmentationFindings(pair(1, 0.8), 100).join()).toMatch(
      /stays as it is.*hardly changes/,
    );
  });
});

describe('denseShare', () => {
  it.each([
    // By hand: 400·120 + 120, 120·84 + 84, 84·10 + 10.
    ['lenet', 59_134, 61_706, [120, 400]],
    ['alexnet', 58_631_144, 61_100_840, [4096, 9216]],
    ['vgg16', 123_642_856, 138_357_544, [4096, 25_088]],
    ['nin', 0, 1_992_166, undefined],
    ['resnet18', 513_000, 11_689_512, [1000, 512]],
  ])('%s', (name, dense, parameters, largest) => {
    expect(denseShare(model(name))).toEqual({ dense, parameters, largest });
  });
});

describe('gradientNorms', () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await wasmEngine({ threads: 1 });
  });
  afterAll(() => engine[Symbol.asyncDispose]());

  it('are those of the steps that gradient descent takes', async () => {
    const net = sequential(flatten, linear(4, 5), sigmoid, linear(5, 3));
    const weights = initialize(net, { seed: 0 });
    const shape = [2, 1, 2, 2] as const;
    const batch = {
      images: Float32Array.of(0, 0.5, 1, 0.2, 0.9, 0.1, 0.3, 0.7),
      labels: Int32Array.of(2, 0),
      ...{ indices: Uint32Array.of(0, 1), shape, count: 2, epoch: 0, index: 0 },
    };
    const norms = await gradientNorms(net, weights, batch, engine);

    const step = trainStep({
      model: net,
      inputs: { x: { shape, dtype: 'float32' }, y: { shape: [2], dtype: 'int32' } },
      loss: classification().loss,
      optimizer: sgd(),
    });
    const start = startingValues(step.variables, weights, 0);
    await using variables = await engine.createVariables(step.variables, start);
    await using executable = await engine.compile(step.program, variables);
    await executable.run({ x: batch.images, y: batch.labels, lr: Float32Array.of(1) });
    const after = await variables.read();
    const moved = ['1.weight', '3.weight'].map((name) =>
      Math.hypot(...Array.from(after[name]!, (value, i) => value - weights.get(name)![i]!)),
    );
    expect(norms).toHaveLength(2);
    norms.forEach((norm, i) => {
      expect(norm).toBeCloseTo(moved[i]!, 5);
    });
  });
});
