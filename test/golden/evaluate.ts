import { expect } from 'vitest';
import { interpret } from '../../src/engines/reference/interpret.ts';
import {
  buildProgram,
  constant,
  gradients,
  input,
  lower,
  type Tensor,
} from '../../src/graph/index.ts';
import { mul, sum } from '../../src/ops/index.ts';
import { expectClose, type GoldenTensor, numbersOf } from './read.ts';

/** An op with its inputs, output, cotangent and gradients. */
export interface GoldenCase<Options> {
  readonly name: string;
  readonly op: string;
  readonly options: Options;
  readonly inputs: Readonly<Record<string, GoldenTensor>>;
  readonly y: GoldenTensor;
  readonly dy: GoldenTensor;
  readonly grads: Readonly<Record<string, GoldenTensor>>;
}

/** Asserts, in float64 on the reference, y = build(inputs) and the gradients of Σ dy·y. */
export function expectGolden(
  given: Pick<GoldenCase<unknown>, 'inputs' | 'y' | 'dy' | 'grads'>,
  build: (inputs: Record<string, Tensor>) => Tensor,
  tolerance: number,
): void {
  const entries = Object.entries(given.inputs);
  const inputs = Object.fromEntries(entries.map(([name, { shape }]) => [name, input(name, shape)]));
  const feeds = Object.fromEntries(entries.map(([name, tensor]) => [name, numbersOf(tensor)]));
  const { y } = lower({ y: build(inputs) }, 'train').outputs;
  expect(y.shape).toEqual(given.y.shape);

  const dy = constant(Float64Array.from(numbersOf(given.dy)), y.shape);
  const wrt = Object.keys(given.grads);
  const grads = gradients(
    sum(mul(y, dy)),
    wrt.map((name) => inputs[name]!),
  );
  const named = Object.fromEntries(grads.map((grad, i) => [`d${wrt[i]}`, grad]));
  const program = buildProgram({ outputs: { y, ...named }, updates: [] });
  const { outputs } = interpret(program, feeds);
  expectClose(outputs.y!, numbersOf(given.y), tolerance);
  for (const name of wrt)
    expectClose(outputs[`d${name}`]!, numbersOf(given.grads[name]!), tolerance);
}
