import type { Arrays, Engine } from '../src/engines/engine.ts';
import {
  buildProgram,
  input,
  mixedPrecision,
  type Precision,
  type Program,
  programCost,
  randomStream,
  type Shape,
  seedKey,
  sizeOf,
  type Tensor,
  variable,
} from '../src/graph/index.ts';
import { classification, initialize } from '../src/nn/index.ts';
import { conv2d, conv2dInputGrad, conv2dWeightGrad, matmul } from '../src/ops/index.ts';
import { evaluationStep, sgd, startingValues, trainStep } from '../src/optim/index.ts';
import { type ConvCase, type Direction, outputSize } from './conv-cases.ts';
import { type Net, scheme } from './nets.ts';
import { isSlow, type Side } from './rounds.ts';

/** On what, and in what arithmetic, a side runs. */
export interface Setting {
  readonly engine: Engine;
  readonly precision: Precision;
}

/** Steps on an engine, with memory that disposing frees. */
export interface FoveaSide extends Side, AsyncDisposable {
  /** Floating-point operations of a step, as the definitions of its ops count them. */
  readonly flops: number;
  /** One run, for what it gives. */
  outputs(): ReturnType<Awaited<ReturnType<Engine['compile']>>['run']>;
}

/** Numbers from 0 to 1, the same ones every time. */
export function randoms(size: number, seed = 0): Float32Array {
  const next = randomStream(seedKey(seed), 0);
  return Float32Array.from({ length: size }, next);
}

async function start(
  { engine, precision }: Setting,
  exact: Program,
  values: Arrays,
  feeds: Arrays,
): Promise<FoveaSide> {
  const program = precision === 'bfloat16' ? mixedPrecision(exact) : exact;
  const types = program.variables.map(({ name, id }) => ({ name, ...program.types[id]! }));
  const used = Object.fromEntries(types.map(({ name }) => [name, values[name]!]));
  const variables = await engine.createVariables(types, used);
  const executable = await engine.compile(program, variables);
  let slow = false;
  return {
    flops: programCost(program).flops,
    outputs: () => executable.run(feeds),
    async run(steps) {
      const seconds: number[] = [];
      // As the peers do: what ran in between has emptied the caches.
      if (!slow) await executable.run(feeds);
      for (let i = 0; i < steps; i++) {
        const before = performance.now();
        await executable.run(feeds);
        seconds.push((performance.now() - before) / 1000);
      }
      slow = isSlow(seconds[0]!);
      return seconds;
    },
    async [Symbol.asyncDispose]() {
      await executable[Symbol.asyncDispose]();
      await variables[Symbol.asyncDispose]();
    },
  };
}

const inputsOf = ({ input: image, batch }: Net) =>
  ({
    x: { shape: [batch, ...image], dtype: 'float32' },
    y: { shape: [batch], dtype: 'int32' },
  }) as const;

export const imagesOf = ({ input: image, batch }: Net) => randoms(batch * sizeOf(image));

export const labelsOf = ({ batch, classes }: Net): Int32Array =>
  Int32Array.from(randoms(batch, 1), (value) => Math.floor(value * classes));

/** Training steps of a net: plain gradient descent on one batch, as torch_peer.py does it. */
export function trainSide(setting: Setting, net: Net): Promise<FoveaSide> {
  const model = net.build();
  const { program, variables } = trainStep({
    model,
    inputs: inputsOf(net),
    loss: classification().loss,
    optimizer: sgd(),
  });
  const weights = initialize(model, { seed: 0, scheme });
  return start(setting, program, startingValues(variables, weights, 0), {
    x: imagesOf(net),
    y: labelsOf(net),
    lr: Float32Array.of(0.01),
  });
}

/** A net as in use: `logits` of `x`. */
export function inference(net: Net): { readonly program: Program; readonly values: Arrays } {
  const model = net.build();
  const { x } = inputsOf(net);
  const outputs = (logits: Tensor) => ({ logits });
  const { program, variables } = evaluationStep({ model, inputs: { x }, outputs });
  const weights = initialize(model, { seed: 0, scheme });
  return { program, values: startingValues(variables, weights, 0) };
}

export function inferSide(setting: Setting, net: Net): Promise<FoveaSide> {
  const { program, values } = inference(net);
  return start(setting, program, values, { x: imagesOf(net) });
}

const kept = (name: string, shape: Shape): Tensor =>
  variable(shape, { name, trainable: false, initial: 0 });

/** Products of two square matrices, of which the second is fed anew each time. */
export function matmulSide(setting: Setting, size: number): Promise<FoveaSide> {
  const shape = [size, size];
  const value = matmul(kept('a', shape), input('b', shape));
  const program = buildProgram({ outputs: {}, updates: [{ variable: kept('c', shape), value }] });
  const values = { a: randoms(size * size), b: randoms(size * size, 1), c: randoms(size * size) };
  return start(setting, program, values, { b: values.b });
}

/**
 * One direction of a convolution, from memory to memory. The weights are fed anew each time, as
 * they would be in training: an engine may rearrange weights only once when they stay as they are.
 */
export function convSide(
  setting: Setting,
  row: ConvCase,
  direction: Direction,
): Promise<FoveaSide> {
  const { n, c, h, w, o, k, stride, padding } = row;
  const size = outputSize(row);
  const shapes = { x: [n, c, h, w], w: [o, c, k, k], y: [n, o, size, size] };
  const [x, y] = [kept('x', shapes.x), kept('y', shapes.y)];
  const weights = input('w', shapes.w);
  const attrs = { stride, padding };
  const updates = {
    forward: () => ({ variable: y, value: conv2d(x, weights, attrs) }),
    inputGrad: () => ({
      variable: x,
      value: conv2dInputGrad(y, weights, { ...attrs, size: [h, w] }),
    }),
    weightGrad: () => ({
      variable: kept('w', shapes.w),
      value: conv2dWeightGrad(x, y, { ...attrs, kernel: [k, k] }),
    }),
  };
  const built = buildProgram({ outputs: {}, updates: [updates[direction]()] });
  // The gradient of the weights depends on kept values only; it is to be computed every time.
  const instructions = built.instructions.map((each) => ({ ...each, hoisted: false }));
  const values = Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => [name, randoms(sizeOf(shape))]),
  );
  const feeds = Object.fromEntries(built.inputs.map(({ name }) => [name, values[name]!]));
  return start(setting, { ...built, instructions }, values, feeds);
}
