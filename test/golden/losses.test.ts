import { describe, it } from 'vitest';
import { interpret } from '../../src/engines/reference/interpret.ts';
import {
  buildProgram,
  constant,
  gradients,
  input,
  lower,
  type Tensor,
} from '../../src/graph/index.ts';
import {
  binaryCrossEntropyWithLogits,
  type CrossEntropyOptions,
  crossEntropy,
  l1,
  meanSquaredError,
  smoothL1,
} from '../../src/nn/index.ts';
import { mul, sum } from '../../src/ops/index.ts';
import { expectClose, type GoldenTensor, numbersOf, readGolden } from './read.ts';

interface LossCase {
  readonly name: string;
  readonly loss: string;
  readonly options: CrossEntropyOptions & { readonly beta?: number; readonly delta?: number };
  readonly inputs: Record<'x' | 'target' | 'weight' | 'posWeight', GoldenTensor>;
  readonly y: GoldenTensor | number;
  readonly dy: GoldenTensor | number;
  readonly grads: { readonly x: GoldenTensor };
}
type Named = Record<'x' | 'target', Tensor> & Partial<Record<'weight' | 'posWeight', Tensor>>;

const losses: Record<string, (inputs: Named, options: LossCase['options']) => Tensor> = {
  crossEntropy: ({ x, target, weight }, options) =>
    crossEntropy(x, target, { ...options, weights: weight }),
  binaryCrossEntropyWithLogits: ({ x, target, weight, posWeight }, options) =>
    binaryCrossEntropyWithLogits(x, target, { ...options, weight, posWeight }),
  meanSquaredError: ({ x, target }, options) => meanSquaredError(x, target, options),
  l1: ({ x, target }, options) => l1(x, target, options),
  smoothL1: ({ x, target }, options) => smoothL1(x, target, options),
  huber: ({ x, target }, { delta = 1, reduction }) =>
    mul(smoothL1(x, target, { beta: delta, reduction }), delta),
};

const isClasses = ({ loss, inputs }: LossCase) =>
  loss === 'crossEntropy' && inputs.target.shape.length < inputs.x.shape.length;

/** The loss and its gradient in x, in float64. */
function run(entry: LossCase, classDtype: 'int32' | 'uint8' = 'int32') {
  const tensors = Object.fromEntries(
    Object.entries(entry.inputs).map(([name, { shape }]) => {
      const dtype = name === 'target' && isClasses(entry) ? classDtype : 'float32';
      return [name, input(name, shape, dtype)];
    }),
  ) as Named;
  const lowered = lower({ y: losses[entry.loss]!(tensors, entry.options) }, 'train');
  const { y } = lowered.outputs;
  const dy = constant(Float64Array.from(numbersOf(entry.dy)), y.shape);
  const [dx] = gradients(sum(mul(y, dy)), [tensors.x]);
  const feeds = Object.fromEntries(
    Object.entries(entry.inputs).map(([name, tensor]) => [name, numbersOf(tensor)]),
  );
  return interpret(buildProgram({ outputs: { y, dx: dx! }, updates: [] }), feeds).outputs;
}

describe('losses agree with PyTorch', () => {
  const { cases } = readGolden<LossCase>('losses');
  it.each(cases)('$loss: $name', (entry) => {
    const { y, dx } = run(entry);
    expectClose(y!, numbersOf(entry.y), 1e-10);
    expectClose(dx!, numbersOf(entry.grads.x), 1e-10);
  });

  const bytes = cases.filter(
    (entry) => isClasses(entry) && numbersOf(entry.inputs.target).every((label) => label >= 0),
  );
  it.each(bytes)('$loss with classes as bytes: $name', (entry) => {
    const { y, dx } = run(entry, 'uint8');
    expectClose(y!, numbersOf(entry.y), 1e-10);
    expectClose(dx!, numbersOf(entry.grads.x), 1e-10);
  });
});
