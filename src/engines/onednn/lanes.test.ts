import { describe, expect, test } from 'vitest';
import {
  adaptiveAvgPool,
  avgPool,
  batchNorm,
  classification,
  conv,
  flatten,
  identity,
  initialize,
  linear,
  maxPool,
  sequential,
} from '../../nn/index.ts';
import { relu, sigmoid, tanh } from '../../ops/index.ts';
import { sgd, startingValues, trainStep } from '../../optim/index.ts';
import { interpret } from '../reference/interpret.ts';
import { onednnEngine, onednnStatus } from './engine.ts';

// Thin convolutions, whose images lie side by side in vectors from the first convolution to the last
// pooling, in whole training steps.

const norm = batchNorm(5);
const between = {
  'sigmoid, average': [identity, sigmoid, avgPool(2)],
  'tanh, overlapping averages that leave padding out': [
    identity,
    tanh,
    avgPool(3, { stride: 2, padding: 1, countIncludePad: false }),
  ],
  'relu, averages that hang over': [identity, relu, avgPool(3, { stride: 2, ceilMode: true })],
  'average alone': [identity, identity, avgPool([2, 1])],
  'relu, overlapping maxima': [identity, relu, maxPool(3, { stride: 2, padding: 1 })],
  'sigmoid, maximum': [identity, sigmoid, maxPool(2)],
  'batch norm, sigmoid, average': [norm, sigmoid, avgPool(2)],
  'batch norm, relu, maximum': [norm, relu, maxPool(2)],
} as const;

function step(layers: (typeof between)[keyof typeof between], batch: number) {
  const net = sequential(
    conv(2, 5, [3, 5], { padding: [1, 2] }),
    ...layers,
    conv(5, 7, 3),
    sigmoid,
    adaptiveAvgPool(2),
    flatten,
    linear(7 * 2 * 2, 4),
  );
  const shape = [batch, 2, 12, 12];
  const built = trainStep({
    model: net,
    inputs: { x: { shape, dtype: 'float32' }, y: { shape: [batch], dtype: 'int32' } },
    ...classification(),
    optimizer: sgd(),
  });
  const x = Float32Array.from({ length: batch * 2 * 144 }, (_, i) => Math.sin(i * 12.9898) * 2);
  const y = Int32Array.from({ length: batch }, (_, i) => i % 4);
  const values = startingValues(built.variables, initialize(net, { seed: 3 }), 5);
  return { ...built, values, feeds: { x, y, lr: Float32Array.of(0.5) } };
}

const { available, reason } = onednnStatus();

describe.skipIf(!available)(`images in lanes ${reason ?? ''}`, () => {
  test.each(Object.entries(between))('%s', async (_, layers) => {
    // One group of images, some, and a batch that is none.
    for (const batch of [16, 48, 20]) {
      const { program, variables, values, feeds } = step(layers, batch);
      await using engine = await onednnEngine({ threads: 2 });
      await using stored = await engine.createVariables(variables, values);
      await using run = await engine.compile(program, stored);
      const kernels = run.explain.steps.map(({ kernel }) => kernel);
      expect(kernels.some((kernel) => kernel.startsWith('lanes'))).toBe(batch !== 20);
      // In at the beginning and the end, out for the linear layer, and nowhere else.
      const moved = kernels.filter((kernel) => /^(transpose|reorder).*Abcd16a/.test(kernel));
      expect(moved).toHaveLength(batch === 20 ? 0 : 3);
      const got = await run.run(feeds);
      const want = interpret(program, feeds, values);
      expect(got.loss![0]).toBeCloseTo(want.outputs.loss![0]!, 5);
      const after = await stored.read();
      for (const [name, value] of Object.entries(want.updates)) {
        const scale = Math.max(...value.map(Math.abs));
        const off = Math.max(...value.map((number, i) => Math.abs(number - after[name]![i]!)));
        expect(off, `${name}, batch ${batch}`).toBeLessThan(1e-5 * Math.max(scale, 0.1));
      }
    }
  });
});
