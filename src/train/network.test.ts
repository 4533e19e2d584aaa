import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Batch, inMemoryDataset } from '../data/index.ts';
import type { Engine } from '../engines/engine.ts';
import { wasmEngine } from '../engines/wasm/index.ts';
import { printProgram } from '../graph/index.ts';
import { auxiliaryCrossEntropy, googlenetWithAuxiliary, modelEntry } from '../models/index.ts';
import { classification } from '../nn/index.ts';
import { sgd, trainStep } from '../optim/index.ts';
import { resolveConfig } from './config.ts';
import { buildNetwork, logitsStep, objective } from './network.ts';
import { openSession } from './session.ts';

const shape = [3, 32, 32] as const;
const googlenet = (auxiliary: boolean) => {
  const config = resolveConfig({
    model: 'googlenet',
    modelOptions: { auxiliary },
    batch: 4,
    lr: 0.01,
  });
  return { config, network: buildNetwork(config, 3, shape) };
};
const inputs = {
  x: { shape: [4, ...shape], dtype: 'float32' },
  y: { shape: [4], dtype: 'int32' },
} as const;

describe('a network with an objective of its own', () => {
  it('is trained by it, and judged by its logits', () => {
    const { network } = googlenet(true);
    const own = trainStep({ ...objective(network), inputs, optimizer: sgd() });
    const options = {
      ...modelEntry('googlenet').options,
      ...{ classes: 3, channels: 3, size: 32, dropout: 0.2 },
    };
    const { metrics } = classification();
    const wanted = trainStep({
      model: googlenetWithAuxiliary(options),
      inputs,
      loss: (outputs, { y }) => auxiliaryCrossEntropy(outputs, y),
      metrics: ({ logits }, given) => metrics(logits, given),
      optimizer: sgd(),
    });
    expect(printProgram(own.program)).toBe(printProgram(wanted.program));
  });

  it('uses the options of the loss for every part of it', () => {
    const { network } = googlenet(true);
    const plain = trainStep({ ...objective(network), inputs, optimizer: sgd() });
    const smooth = objective(network, { labelSmoothing: 0.1 });
    const smoothed = trainStep({ ...smooth, inputs, optimizer: sgd() });
    const spreads = ({ program }: typeof plain) =>
      program.constants.filter(({ data }) => Math.abs(Number(data) - 0.1 / 3) < 1e-6).length;
    expect(spreads(plain)).toBe(0);
    expect(spreads(smoothed)).toBeGreaterThan(0);
  });

  it('is used without what only training needs', () => {
    const step = ({ network }: ReturnType<typeof googlenet>) => logitsStep(network, 4, shape, []);
    const opsOf = ({ program }: ReturnType<typeof step>) =>
      program.instructions.map(({ op }) => op);
    const [plain, auxiliary] = [step(googlenet(false)), step(googlenet(true))];
    expect(opsOf(auxiliary)).toEqual(opsOf(plain));
    expect(plain.variables.some(({ name }) => name.startsWith('aux'))).toBe(false);
  });

  describe('in a session', () => {
    let engine: Engine;
    beforeAll(async () => {
      engine = await wasmEngine({ threads: 1 });
    });
    afterAll(() => engine[Symbol.asyncDispose]());

    const pixels = Uint8Array.from({ length: 4 * 3 * 32 * 32 }, (_, i) => (i * i) % 251);
    const labels = Uint8Array.from([0, 1, 2, 0]);
    const dataset = inMemoryDataset({
      ...{ name: 'noise', classes: ['a', 'b', 'c'], shape, images: pixels, labels },
    });
    const batch = {
      images: Float32Array.from(pixels, (value) => value / 255),
      labels: Int32Array.from(labels),
      count: 4,
    } as Batch;

    it('trains its auxiliary classifiers, keeps them in checkpoints, and tests without them', async () => {
      await using session = await openSession({
        ...googlenet(true),
        preprocessing: { shape },
        samples: 4,
        classes: 3,
        engine,
      });
      const before = await session.read();
      const { loss } = await session.train(batch, 0.01);
      // Three guesses among three classes, two of which count 0.3.
      expect(loss).toBeGreaterThan(1.3 * Math.log(3));
      const after = await session.read();
      for (const name of ['aux1.fc2.weight', 'aux2.conv.conv.weight', 'fc.weight']) {
        expect(after[name]!.data, name).not.toEqual(before[name]!.data);
      }
      expect(after['aux1.conv.bn.num_batches_tracked']!.data).toEqual(Int32Array.of(1));
      expect((await session.evaluate(dataset)).accuracy).toBeLessThanOrEqual(1);
    });
  });
});
