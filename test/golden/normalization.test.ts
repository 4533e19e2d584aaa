import { describe, expect, test } from 'vitest';
import { interpret } from '../../src/engines/reference/interpret.ts';
import {
  buildProgram,
  constant,
  gradients,
  input,
  lower,
  optimize,
  type Tensor,
  variable,
} from '../../src/graph/index.ts';
import {
  batchNorm,
  groupNorm,
  instanceNorm,
  layerNorm,
  localResponseNorm,
  mul,
  sum,
} from '../../src/ops/index.ts';
import { expectGolden, type GoldenCase } from './evaluate.ts';
import { expectClose, type GoldenTensor, numbersOf, readGolden } from './read.ts';

interface Options {
  readonly epsilon: number;
  readonly momentum: number;
  readonly groups: number;
  readonly size: number;
  readonly alpha: number;
  readonly beta: number;
  readonly k: number;
}
interface Run {
  readonly mode: 'train' | 'infer';
  readonly x: GoldenTensor;
  readonly y: GoldenTensor;
  readonly dy: GoldenTensor;
  readonly grads: Readonly<Record<'x' | 'w' | 'b', GoldenTensor>>;
  readonly mean: GoldenTensor;
  readonly variance: GoldenTensor;
}
type Plain = GoldenCase<Options> & { readonly runs?: undefined };
interface BatchNorm {
  readonly name: string;
  readonly options: Options;
  readonly inputs: { readonly w: GoldenTensor; readonly b: GoldenTensor };
  readonly runs: readonly Run[];
}

const { cases } = readGolden<Plain | BatchNorm>('normalization');

type Norm = (inputs: Record<string, Tensor>, options: Options) => Tensor;
const norms: Readonly<Record<string, Norm>> = {
  layerNorm: ({ x, w, b }, { epsilon }) => layerNorm(x!, w!, b!, { epsilon }),
  groupNorm: ({ x, w, b }, { groups, epsilon }) => groupNorm(x!, groups, w!, b!, { epsilon }),
  instanceNorm: ({ x, w, b }, { epsilon }) => instanceNorm(x!, w!, b!, { epsilon }),
  localResponseNorm: ({ x }, { size, alpha, beta, k }) =>
    localResponseNorm(x!, { size, alpha, beta, k }),
};

const close = 1e-9;

describe('normalisation agrees with PyTorch', () => {
  for (const given of cases) {
    test(given.name, () => {
      if (given.runs !== undefined) {
        checkBatchNorm(given);
        return;
      }
      expectGolden(given, (inputs) => norms[given.op]!(inputs, given.options), close);
    });
  }
});

/** Runs in sequence: each starts from the running statistics that the one before left. */
function checkBatchNorm({ inputs: { w, b }, options, runs }: BatchNorm): void {
  const c = w.shape[0]!;
  const state = (name: string, shape: readonly number[]) =>
    variable(shape, { name, trainable: false, initial: 0 });
  const { epsilon, momentum } = options;
  let values: Record<string, ArrayLike<number>> = {
    mean: new Array(c).fill(0),
    variance: new Array(c).fill(1),
    batches: [0],
  };
  runs.forEach((run) => {
    const [x, weight, bias] = [input('x', run.x.shape), input('w', [c]), input('b', [c])];
    const statistics = [state('mean', [c]), state('variance', [c]), state('batches', [])] as const;
    const y = batchNorm(x, weight, bias, ...statistics, { epsilon, momentum });
    const lowered = lower({ y }, run.mode);
    const dy = constant(Float64Array.from(numbersOf(run.dy)), run.dy.shape);
    const [dx, dw, db] = gradients(sum(mul(lowered.outputs.y, dy)), [x, weight, bias]);
    const outputs = { y: lowered.outputs.y, dx: dx!, dw: dw!, db: db! };
    const program = buildProgram(optimize({ ...lowered, outputs }));
    const feeds = { x: numbersOf(run.x), w: numbersOf(w), b: numbersOf(b) };
    const needed = program.variables.map(({ name }) => [name, Array.from(values[name]!)]);
    const got = interpret(program, feeds, Object.fromEntries(needed));

    expectClose(got.outputs.y!, numbersOf(run.y), close);
    for (const name of ['x', 'w', 'b'] as const) {
      expectClose(got.outputs[`d${name}`]!, numbersOf(run.grads[name]), close);
    }
    expect(Object.keys(got.updates).length).toBe(run.mode === 'train' ? 3 : 0);
    values = { ...values, ...got.updates };
    expectClose(values.mean!, numbersOf(run.mean), close);
    expectClose(values.variance!, numbersOf(run.variance), close);
  });
  const trained = runs.filter(({ mode }) => mode === 'train').length;
  expect(Array.from(values.batches!)).toEqual([trained]);
}
