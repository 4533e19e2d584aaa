import { describe, expect, test } from 'vitest';
import type { Engine } from '../../src/engines/engine.ts';
import { onednnEngine, onednnStatus } from '../../src/engines/onednn/engine.ts';
import { referenceEngine } from '../../src/engines/reference/engine.ts';
import { wasmEngine } from '../../src/engines/wasm/index.ts';
import {
  buildProgram,
  gradients,
  input,
  mixedPrecision,
  type Program,
  printProgram,
  recomputed,
  type Tensor,
} from '../../src/graph/index.ts';
import { denseBlock, model, transition } from '../../src/models/index.ts';
import {
  batchNorm,
  classification,
  conv,
  dropout,
  globalAvgPool,
  initialize,
  keep,
  type Layer,
  linear,
  namedVariables,
  recompute,
  sequential,
} from '../../src/nn/index.ts';
import { exp, mul, relu, sum, tanh } from '../../src/ops/index.ts';
import { sgd, startingValues, trainStep } from '../../src/optim/index.ts';
import { opsOf } from './evaluate.ts';

const [N, C, SIZE] = [4, 3, 8];
const inputs = {
  x: { shape: [N, C, SIZE, SIZE], dtype: 'float32' },
  y: { shape: [N], dtype: 'int32' },
} as const;
const stepOf = (model: Layer) =>
  trainStep({ model, inputs, ...classification(), optimizer: sgd({ momentum: 0.9 }) });

const same = <F>(part: F): F => part;
const head = sequential(globalAvgPool, linear(8, 3));

/** Convolutions, batch statistics and random draws, with a residual block in the middle. */
function residualNet(again: <F extends (x: never) => unknown>(part: F) => F): Layer {
  const block = () =>
    sequential(
      batchNorm(8),
      relu,
      conv(8, 8, 3, { padding: 1 }),
      dropout(0.3),
      batchNorm(8),
      relu,
      keep(conv(8, 8, 3, { padding: 1 })),
    );
  return sequential(
    conv(C, 8, 3, { padding: 1 }),
    again(block()),
    again(block()),
    again(sequential(batchNorm(8), relu)),
    globalAvgPool,
    linear(8, 3),
  );
}

function denseNet(recomputes: boolean): Layer {
  const options = { bottleneck: 2, dropout: 0.2, recompute: recomputes };
  const narrow = transition(48, 24);
  return sequential(
    conv(C, 8, 3, { padding: 1 }),
    denseBlock(8, 5, 8, options),
    recomputes ? recompute(narrow) : narrow,
    denseBlock(24, 3, 8, { ...options, bottleneck: 0 }),
    batchNorm(48),
    relu,
    globalAvgPool,
    linear(48, 3),
  );
}

interface Trained {
  readonly losses: readonly number[];
  readonly variables: Readonly<Record<string, readonly number[]>>;
  readonly arenaBytes: number;
}

async function train(engine: Engine, model: Layer, change: (p: Program) => Program) {
  const step = stepOf(model);
  const start = startingValues(step.variables, initialize(model, { seed: 1 }), 7);
  await using variables = await engine.createVariables(step.variables, start);
  await using executable = await engine.compile(change(step.program), variables);
  const feeds = {
    x: Float32Array.from({ length: N * C * SIZE ** 2 }, (_, i) => Math.sin(i * i)),
    y: Int32Array.from({ length: N }, (_, i) => i % 3),
    lr: Float32Array.of(0.1),
  };
  const losses: number[] = [];
  for (let i = 0; i < 3; i++) losses.push((await executable.run(feeds)).loss![0]!);
  const values = Object.entries(await variables.read()).map(([name, v]) => [name, Array.from(v)]);
  const { arenaBytes } = executable.explain;
  return { losses, variables: Object.fromEntries(values), arenaBytes } as Trained;
}

const { available, bf16 = false } = onednnStatus();
interface Place {
  readonly name: string;
  readonly make: () => Engine | Promise<Engine>;
  readonly change?: (program: Program) => Program;
  readonly missing?: boolean;
}
const places: readonly Place[] = [
  { name: 'reference', make: () => referenceEngine() },
  { name: 'wasm', make: () => wasmEngine({ threads: 2 }) },
  { name: 'onednn', make: () => onednnEngine({ threads: 2 }), missing: !available },
  {
    name: 'onednn in bfloat16',
    make: () => onednnEngine({ threads: 2 }),
    change: mixedPrecision,
    missing: !bf16,
  },
];

describe.each(places)('on $name', ({ name, make, change = same, missing = false }) => {
  test.skipIf(missing).each([
    ['residual blocks', residualNet(same), residualNet(recompute)],
    ['dense blocks', denseNet(false), denseNet(true)],
  ])('%s computed again train to the same bits, in less memory', async (_kind, plainly, again) => {
    await using engine = await make();
    const before = await train(engine, plainly, change);
    const after = await train(engine, again, change);
    expect(new Set(before.losses).size).toBe(3);
    expect(after.losses).toEqual(before.losses);
    expect(after.variables).toEqual(before.variables);
    if (name !== 'reference') expect(after.arenaBytes).toBeLessThan(before.arenaBytes);
  });
});

describe('a recomputed part', () => {
  const x = input('x', [4]);
  const graphOf = (f: (x: Tensor) => Tensor) => {
    const [dx] = gradients(sum(f(x)), [x]);
    return { outputs: { dx: dx! }, updates: [] };
  };

  test('is computed again once a gradient has come, and not merged with the original', () => {
    const body = recompute((t: Tensor) => tanh(exp(mul(t, 2))));
    const step = stepOf(sequential(conv(C, 8, 3), recompute(sequential(batchNorm(8), relu)), head));
    const norms = step.program.instructions.filter(({ op }) => op === 'batchNormTrain');
    expect(norms.map(({ after }) => after !== undefined)).toEqual([false, true]);
    const text = printProgram(step.program);
    expect(text).toMatch(/= batchNormTrain\(.*\(after %\d+\)/);
    // The result, which tanh's adjoint reads, is kept.
    expect(opsOf(graphOf((t) => mul(body(t), 3)))).toEqual(
      expect.arrayContaining(['mul', 'exp', 'tanh', 'mul', 'exp', 'tanhGrad']),
    );
    expect(opsOf(graphOf((t) => mul(body(t), 3))).filter((op) => op === 'tanh')).toHaveLength(1);
  });

  test('keeps what `keep` marks, and what others read of it', () => {
    const convolutions = (model: Layer) =>
      stepOf(model).program.instructions.filter(({ op }) => op === 'conv2d').length;
    const inner = conv(C, 8, 3);
    const tail = [batchNorm(8), relu] as const;
    expect(convolutions(sequential(recompute(sequential(inner, ...tail)), head))).toBe(2);
    expect(convolutions(sequential(recompute(sequential(keep(inner), ...tail)), head))).toBe(1);
    expect(convolutions(sequential(recompute(inner), ...tail, head))).toBe(1);
    expect(convolutions(sequential(keep(inner), ...tail, head))).toBe(1);
  });

  test('adds nothing inside another', () => {
    const chain = (wrap: typeof same) => graphOf((t) => recomputed(() => sum(exp(wrap(exp)(t)))));
    expect(opsOf(chain((f) => recompute(f as never)))).toEqual(opsOf(chain(same)));
  });

  test('changes neither forward passes nor the names of parameters', () => {
    const [plainly, again] = [residualNet(same), residualNet(recompute)];
    const listed = (model: Layer) => [...namedVariables(model)].map(([name, t]) => [name, t.shape]);
    expect(listed(again)).toEqual(listed(plainly));
    const densenet = (recompute: boolean) => model('densenet121', { recompute });
    expect(listed(densenet(true))).toEqual(listed(densenet(false)));
    const body = (t: Tensor) => tanh(exp(t));
    const ops = (f: (t: Tensor) => Tensor) => opsOf({ outputs: { y: f(x) }, updates: [] });
    expect(ops(recompute(body))).toEqual(ops(body));
  });

  test('is never hoisted, though it may depend on nothing that changes', () => {
    const w = namedVariables(linear(4, 4)).get('weight')!;
    const graph = graphOf((t) => sum(mul(recompute((v: Tensor) => exp(exp(mul(v, 2))))(w), t)));
    const { instructions } = buildProgram(graph, new Map([[w, 'w']]));
    for (const { after, hoisted } of instructions)
      if (after !== undefined) expect(hoisted).toBe(false);
  });
});

describe('memory', () => {
  test.each(places.filter(({ name, missing }) => name !== 'reference' && missing !== true))(
    'of a deep net grows with the square root of its depth where stretches are computed again, on $name',
    async ({ make, change = same }) => {
      await using engine = await make();
      const arena = async (depth: number, again: boolean) => {
        const unit = () => [batchNorm(8), relu, conv(8, 8, 1, { bias: false })];
        const stretch = Math.round(Math.sqrt(depth));
        const stretches = Array.from({ length: stretch }, () =>
          sequential(...Array.from({ length: stretch }, unit).flat()),
        );
        const model = sequential(
          conv(C, 8, 3, { padding: 1 }),
          ...stretches.map((part) => (again ? recompute(part) : part)),
          head,
        );
        return (await train(engine, model, change)).arenaBytes;
      };
      const [few, many] = [await arena(9, false), await arena(36, false)];
      const [fewAgain, manyAgain] = [await arena(9, true), await arena(36, true)];
      expect(many / few).toBeGreaterThan(3);
      expect(manyAgain / fewAgain).toBeLessThan(2.3);
      expect(manyAgain).toBeLessThan(many / 2);
    },
  );
});
