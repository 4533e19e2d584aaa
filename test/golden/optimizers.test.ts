import { describe, expect, it } from 'vitest';
import { interpret } from '../../src/engines/reference/interpret.ts';
import { buildProgram, input, sizeOf } from '../../src/graph/index.ts';
import { layer, parameter, zeros } from '../../src/nn/index.ts';
import { add, mul, sum } from '../../src/ops/index.ts';
import {
  clipGradNorm,
  clipGradValue,
  globalNorm,
  type OptimizerConfig,
  optimizer,
  type ParameterGroup,
  startingValues,
  trainStep,
} from '../../src/optim/index.ts';
import { expectClose, type GoldenTensor, numbersOf, readGolden } from './read.ts';

interface Options {
  readonly lr: number;
  readonly betas?: readonly [number, number];
  readonly eps?: number;
  readonly amsgrad?: boolean;
  readonly weightDecay: number;
}
interface StepsCase {
  readonly kind: 'steps';
  readonly name: string;
  readonly optimizer: OptimizerConfig['type'];
  readonly options: Options;
  readonly groups: Record<'a' | 'b', Partial<Options>> | null;
  readonly clipNorm: number | null;
  readonly ema: { readonly decay: number; readonly steps: readonly number[][] } | null;
  readonly steps: readonly number[][];
}
interface ClipCase {
  readonly kind: 'clipNorm' | 'clipValue';
  readonly name: string;
  readonly limit: number;
  readonly gradients: readonly GoldenTensor[];
  readonly norm: number | null;
  readonly clipped: readonly GoldenTensor[];
}
interface Facts {
  readonly start: Record<'a' | 'b', GoldenTensor>;
  readonly c: GoldenTensor;
  readonly t: GoldenTensor;
}

const { cases, start, c, t } = readGolden<StepsCase | ClipCase, Facts>('optimizers');

function configOf({ optimizer: type, options }: StepsCase): OptimizerConfig {
  const { lr: _, betas, eps, amsgrad: __, ...rest } = options;
  const moments = betas && { beta1: betas[0], beta2: betas[1] };
  return { type, ...rest, ...moments, ...(eps === undefined ? {} : { epsilon: eps }) };
}

const groupsOf = ({ groups, options }: StepsCase): ParameterGroup[] =>
  Object.entries(groups ?? {}).map(([name, { lr = options.lr, weightDecay }]) => ({
    match: new RegExp(`^${name}$`),
    lrScale: lr / options.lr,
    weightDecay,
  }));

/** The gradient of the golden file's problem at p. */
function gradientAt(p: readonly number[]): number[] {
  const [cs, ts] = [numbersOf(c), numbersOf(t)];
  return p.map((x, i) => cs[i]! * (x - ts[i]!) + 0.9 * Math.cos(3 * x));
}

/** All steps of a case, each as the flat parameters and their averages after it. */
function run(entry: StepsCase): { readonly params: number[]; readonly averages: number[] }[] {
  const model = layer(
    'problem',
    { a: parameter(start.a.shape, zeros), b: parameter(start.b.shape, zeros) },
    (l) => l,
  );
  const type = (tensor: GoldenTensor) => ({ shape: tensor.shape, dtype: 'float32' as const });
  // A loss that is linear in the parameters has whatever gradient it is fed with.
  const { program, variables } = trainStep({
    model,
    inputs: { x: type(start.a), da: type(start.a), db: type(start.b) },
    loss: ({ a, b }, { da, db }) => add(sum(mul(a, da)), sum(mul(b, db))),
    optimizer: optimizer(configOf(entry)),
    groups: groupsOf(entry),
    clip: entry.clipNorm === null ? undefined : { norm: entry.clipNorm },
    ema: entry.ema ?? undefined,
  });
  const weights = new Map(
    Object.entries(start).map(([name, value]) => [name, Float64Array.from(numbersOf(value))]),
  );
  const store: Record<string, ArrayLike<number>> = startingValues(variables, weights, 0);
  const flat = (prefix = '') => [
    ...Array.from(store[`${prefix}a`] ?? []),
    ...Array.from(store[`${prefix}b`] ?? []),
  ];
  return entry.steps.map(() => {
    const gradient = gradientAt(flat());
    const size = sizeOf(start.a.shape);
    const feeds = {
      x: new Float64Array(size),
      da: gradient.slice(0, size),
      db: gradient.slice(size),
      lr: [entry.options.lr],
    };
    const variables = store as Record<string, Float64Array>;
    Object.assign(store, interpret(program, feeds, variables).updates);
    return { params: flat(), averages: flat('average/') };
  });
}

describe('optimisers agree with PyTorch over ten steps', () => {
  const steps = cases.filter((entry) => entry.kind === 'steps');
  it.for(steps)('$name', (entry, { skip }) => {
    if (entry.options.amsgrad) return skip('there is no AMSGrad');
    run(entry).forEach(({ params, averages }, i) => {
      expectClose(params, entry.steps[i]!, 1e-9);
      if (entry.ema) expectClose(averages, entry.ema.steps[i]!, 1e-9);
    });
  });
});

describe('gradient clipping agrees with PyTorch', () => {
  const clips = cases.filter((entry) => entry.kind !== 'steps');
  it.each(clips)('$name', ({ kind, limit, gradients, norm, clipped }) => {
    const grads = gradients.map(({ shape }, i) => input(`g${i}`, shape));
    const clip = kind === 'clipNorm' ? clipGradNorm : clipGradValue;
    const results = clip(grads, limit).map((grad, i) => [`y${i}`, grad] as const);
    const outputs = { norm: globalNorm(grads), ...Object.fromEntries(results) };
    const feeds = Object.fromEntries(gradients.map((g, i) => [`g${i}`, numbersOf(g)]));
    const got = interpret(buildProgram({ outputs, updates: [] }), feeds).outputs;
    clipped.forEach((expected, i) => {
      expectClose(got[`y${i}`]!, numbersOf(expected), 1e-11);
    });
    if (norm !== null) expect(got.norm![0]).toBeCloseTo(norm, 10);
  });
});
