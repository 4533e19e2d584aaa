import { describe, expect, it } from 'vitest';
import { interpret } from '../../src/engines/reference/interpret.ts';
import {
  type NumberArray,
  type Shape,
  sizeOf,
  type Tensor,
  type TensorType,
} from '../../src/graph/index.ts';
import { model } from '../../src/models/index.ts';
import { classification, initialize, type Layer, namedParameters } from '../../src/nn/index.ts';
import { evaluationStep, sgd, startingValues, trainStep } from '../../src/optim/index.ts';
import { expectClose, type GoldenTensor, numbersOf, readGolden } from './read.ts';

interface Brief {
  readonly norm?: number;
  readonly sum: number;
  readonly first: readonly number[];
  readonly last: number;
}
interface NetCase {
  readonly net: 'lenet' | 'bn-lenet';
  readonly lr: number;
  readonly parameters: readonly {
    readonly shape: Shape;
    readonly offset: number;
    readonly scale: number;
  }[];
  readonly steps: readonly {
    readonly logits: GoldenTensor;
    readonly loss: number;
    readonly gradients: readonly Brief[];
    readonly after: readonly Brief[];
    readonly running: readonly { readonly mean: GoldenTensor; readonly variance: GoldenTensor }[];
  }[];
  readonly infer: GoldenTensor;
}

const noise = (k: number, i: number): number =>
  ((31 * i * i + 7919 * i + 104729 * k + 12345) % 65521) / 32768 - 1;

/** Images of 7×7 squares of 4×4 equal pixels. */
const images = Float64Array.from({ length: 4 * 28 * 28 }, (_, i) => {
  const [n, r, c] = [Math.floor(i / 784), Math.floor(i / 28) % 28, i % 28];
  return (noise(1000, 49 * n + 7 * Math.floor(r / 4) + Math.floor(c / 4)) + 1) / 2;
});

function startOf(net: Layer, parameters: NetCase['parameters']): Map<string, NumberArray> {
  const weights = initialize(net, { seed: 0 });
  [...namedParameters(net)].forEach(([name, { shape }], k) => {
    const row = parameters[k]!;
    expect(shape, name).toEqual(row.shape);
    const value = Float64Array.from(
      { length: sizeOf(shape) },
      (_, i) => row.offset + row.scale * noise(k, i),
    );
    weights.set(name, value);
  });
  return weights;
}

function expectBrief(values: Float64Array, expected: Brief, tolerance: number): void {
  const sum = values.reduce((a, b) => a + b, 0);
  const norm = Math.sqrt(values.reduce((a, b) => a + b * b, 0));
  const got = [sum, values.at(-1)!, ...values.subarray(0, expected.first.length)];
  expectClose(got, [expected.sum, expected.last, ...expected.first], tolerance);
  if (expected.norm !== undefined) expectClose([norm], [expected.norm], tolerance);
}

const { cases, labels } = readGolden<NetCase, { readonly labels: readonly number[] }>('lenet-step');
const names = { lenet: 'lenet', 'bn-lenet': 'lenet-bn' };

describe('two steps of LeNet agree with PyTorch', () => {
  it.each(cases)('$net', ({ net, lr, parameters, steps, infer }) => {
    const lenet = model(names[net]);
    const inputs: { x: TensorType; y: TensorType } = {
      x: { shape: [4, 1, 28, 28], dtype: 'float32' },
      y: { shape: [4], dtype: 'int32' },
    };
    const { program, variables } = trainStep({
      model: lenet,
      inputs,
      ...classification(),
      metrics: (logits: Tensor) => ({ logits }),
      optimizer: sgd(),
    });
    let store = startingValues(variables, startOf(lenet, parameters), 0);
    const parameterNames = [...namedParameters(lenet).keys()];

    for (const step of steps) {
      const before = store;
      const feeds = { x: images, y: labels, lr: [lr] };
      const { outputs, updates } = interpret(program, feeds, store);
      store = { ...store, ...updates };
      expectClose(outputs.logits!, numbersOf(step.logits), 1e-9);
      expectClose(outputs.loss!, [step.loss], 1e-9);
      parameterNames.forEach((name, k) => {
        const after = store[name] as Float64Array;
        expectBrief(after, step.after[k]!, 1e-8);
        const gradient = after.map((value, i) => (before[name]![i]! - value) / lr);
        expectBrief(gradient, step.gradients[k]!, 1e-8);
      });
      step.running.forEach(({ mean, variance }, i) => {
        expectClose(store[`bn${i + 1}.running_mean`]!, numbersOf(mean), 1e-9);
        expectClose(store[`bn${i + 1}.running_var`]!, numbersOf(variance), 1e-9);
      });
    }

    const evaluation = evaluationStep({
      model: lenet,
      inputs,
      outputs: (logits) => ({ logits }),
    });
    const { logits } = interpret(evaluation.program, { x: images }, store).outputs;
    expectClose(logits!, numbersOf(infer), 1e-7);
  });
});
