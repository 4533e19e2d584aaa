import { describe, expect, test } from 'vitest';
import {
  buildProgram,
  constant,
  input,
  lower,
  optimize,
  type Program,
  type Tensor,
  variable,
} from '../../graph/index.ts';
import { mixedPrecision } from '../../graph/passes/precision.ts';
import {
  batchNorm,
  classification,
  conv,
  dropout,
  flatten,
  initialize,
  layer,
  linear,
  maxPool,
  namedVariables,
  pipe,
  sequential,
} from '../../nn/index.ts';
import { add, concat, conv2d, matmul, relu } from '../../ops/index.ts';
import { adamw, type Optimizer, sgd, startingValues, trainStep } from '../../optim/index.ts';
import type { Engine } from '../engine.ts';
import { interpret } from '../reference/interpret.ts';
import { onednnEngine, onednnStatus } from './engine.ts';

const status = onednnStatus();

const residual = (channels: number) =>
  layer(
    'residual',
    {
      conv1: conv(channels, channels, 3, { padding: 1, bias: false }),
      bn1: batchNorm(channels),
      conv2: conv(channels, channels, 3, { padding: 1 }),
      bn2: batchNorm(channels),
    },
    (l, x) => relu(add(pipe(x, l.conv1, l.bn1, relu, l.conv2, l.bn2), x)),
  );

/** All that the patterns know: odd channel counts, residuals, joins, pooling, linear layers. */
const model = (drop: number) =>
  sequential(
    conv(3, 20, 3, { padding: 1 }),
    relu,
    maxPool(3, { stride: 2, padding: 1 }),
    residual(20),
    (x: Tensor) => concat([x, relu(x)]),
    conv(40, 24, 1),
    batchNorm(24),
    relu,
    maxPool(2),
    flatten,
    linear(24 * 4, 17),
    relu,
    dropout(drop),
    linear(17, 5),
  );

function step(optimizer: Optimizer, drop = 0.25) {
  const net = model(drop);
  const built = trainStep({
    model: net,
    inputs: {
      x: { shape: [6, 3, 8, 8], dtype: 'float32' },
      y: { shape: [6], dtype: 'int32' },
    },
    ...classification(),
    optimizer,
  });
  const values = startingValues(built.variables, initialize(net, { seed: 3 }), 5);
  const x = Float32Array.from({ length: 6 * 3 * 64 }, (_, i) => Math.sin(i * 12.9898) * 2);
  const feeds = { x, y: Int32Array.of(0, 1, 2, 3, 4, 0), lr: Float32Array.of(0.05) };
  return { ...built, values, feeds };
}

async function withEngine<T>(threads: number, body: (engine: Engine) => Promise<T>) {
  const engine = await onednnEngine({ threads });
  try {
    return await body(engine);
  } finally {
    await engine[Symbol.asyncDispose]();
  }
}

/** a and b take over each other's values. */
function variablesThatSwap() {
  const [a, b] = ['a', 'b'].map((name) => variable([2], { name, trainable: false, initial: 0 }));
  const updates = [
    { variable: a!, value: b! },
    { variable: b!, value: a! },
  ];
  return {
    program: buildProgram({ outputs: {}, updates }),
    variables: ['a', 'b'].map((name) => ({ name, shape: [2], dtype: 'float32' as const })),
    values: { a: Float32Array.of(1, 2), b: Float32Array.of(3, 4) },
    feeds: {},
  };
}

const largest = (values: ArrayLike<number>) =>
  Array.from(values).reduce((most, value) => Math.max(most, Math.abs(value)), 0);

describe.skipIf(!status.available)(`onednn ${status.reason ?? ''}`, () => {
  const optimizers = { sgd: sgd(), momentum: sgd({ momentum: 0.9 }), adamw: adamw() };
  test.each(Object.entries(optimizers))('a fused step agrees with the reference: %s', (_, given) =>
    withEngine(2, async (engine) => {
      const { program, variables, values, feeds } = step(given);
      const stored = await engine.createVariables(variables, values);
      const run = await engine.compile(program, stored);
      const got = await run.run(feeds);
      const want = interpret(program, feeds, values);
      expect(got.loss![0]).toBeCloseTo(want.outputs.loss![0]!, 4);
      const after = await stored.read();
      for (const [name, value] of Object.entries(want.updates)) {
        // A bias before batch norm has no gradient but rounding, which Adam makes as large as any.
        if (/^(\d+\.)?(conv2|5)\.bias$|\/.*(conv2|\b5)\.bias$|conv2\.bias/.test(name)) continue;
        const off = largest(value.map((number, i) => number - after[name]![i]!));
        expect(off, name).toBeLessThan(2e-4 * Math.max(largest(value), 1e-3));
      }
    }),
  );

  test('patterns cover what they should', () =>
    withEngine(1, async (engine) => {
      const { program, variables, values } = step(sgd());
      const { explain } = await engine.compile(
        program,
        await engine.createVariables(variables, values),
      );
      const fused = new Set(explain.steps.map(({ ops }) => ops.join(' + ')));
      expect([...fused]).toEqual(
        expect.arrayContaining([
          'conv2d + add + relu',
          'batchNormTrain + relu',
          'reluGrad + batchNormGrad',
          'add + relu',
          'conv2dWeightGrad + sum',
          'matmul + add + relu',
          'matmul + sum',
        ]),
      );
      expect(explain.arenaBytes).toBeGreaterThan(0);
    }));

  test('the same seed and thread count give the same bits', async () => {
    const { program, variables, values, feeds } = step(sgd({ momentum: 0.9 }));
    const train = () =>
      withEngine(2, async (engine) => {
        const stored = await engine.createVariables(variables, values);
        const run = await engine.compile(program, stored);
        for (let i = 0; i < 5; i++) await run.run(feeds);
        return stored.read();
      });
    expect(await train()).toEqual(await train());
  });

  test('memory stays flat over a thousand steps', () =>
    withEngine(2, async (engine) => {
      const { program, variables, values, feeds } = step(sgd());
      const run = await engine.compile(program, await engine.createVariables(variables, values));
      const steps = async (count: number) => {
        for (let i = 0; i < count; i++) await run.run(feeds);
      };
      await steps(100);
      const before = process.memoryUsage().rss;
      await steps(1000);
      expect(process.memoryUsage().rss - before).toBeLessThan(16 * 2 ** 20);
    }));

  test('runs queue up, and what is disposed of meanwhile still finishes', async () => {
    const engine = await onednnEngine({ threads: 2 });
    const { program, variables, values, feeds } = step(sgd(), 0);
    const stored = await engine.createVariables(variables, values);
    const run = await engine.compile(program, stored);
    const pending = Array.from({ length: 8 }, () => run.run(feeds));
    await run[Symbol.asyncDispose]();
    await stored[Symbol.asyncDispose]();
    await engine[Symbol.asyncDispose]();
    const losses = (await Promise.all(pending)).map(({ loss }) => loss![0]!);
    expect(new Set(losses.filter(Number.isFinite)).size).toBe(8);
    const failure = { name: 'EngineError', message: expect.stringMatching(/^onednn: .*disposed/) };
    await expect(run.run(feeds)).rejects.toMatchObject(failure);
    await expect(stored.read()).rejects.toMatchObject(failure);
    await expect(engine.createVariables([], {})).rejects.toMatchObject(failure);
  });

  test('programs share variables, and hoisted work is redone when they change', () =>
    withEngine(1, async (engine) => {
      const { program, variables, values, feeds } = step(sgd(), 0);
      const x = input('x', [6, 3, 8, 8]);
      const net = model(0);
      const names = new Map([...namedVariables(net)].map(([name, tensor]) => [tensor, name]));
      const evaluation = buildProgram(optimize(lower({ y: net(x) }, 'infer')), names);
      const stored = await engine.createVariables(variables, values);
      const train = await engine.compile(program, stored);
      const infer = await engine.compile(evaluation, stored);
      for (let i = 0; i < 3; i++) {
        const { y } = await infer.run({ x: feeds.x });
        const want = interpret(evaluation, { x: feeds.x }, await stored.read());
        const off = largest(want.outputs.y!.map((number, k) => number - y![k]!));
        expect(off).toBeLessThan(1e-4 * largest(want.outputs.y!));
        await train.run(feeds);
      }
      await stored.write(values);
      const { y } = await infer.run({ x: feeds.x });
      const want = interpret(evaluation, { x: feeds.x }, values);
      expect(largest(want.outputs.y!.map((number, k) => number - y![k]!))).toBeLessThan(1e-4);
    }));

  test("Winograd's algorithm serves all directions, and inference on weights of training", () =>
    withEngine(2, async (engine) => {
      const net = sequential(
        conv(3, 128, 3, { padding: 1 }),
        relu,
        conv(128, 128, 3, { padding: 1 }),
        maxPool(8),
        flatten,
      );
      const { program, variables } = trainStep({
        model: net,
        inputs: {
          x: { shape: [7, 3, 8, 8], dtype: 'float32' },
          y: { shape: [7], dtype: 'int32' },
        },
        ...classification(),
        optimizer: sgd(),
      });
      const values = startingValues(variables, initialize(net, { seed: 3 }), 5);
      const x = Float32Array.from({ length: 7 * 3 * 64 }, (_, i) => Math.sin(i * 12.9898));
      const feeds = { x, y: Int32Array.of(0, 1, 2, 3, 4, 5, 6), lr: Float32Array.of(0.05) };
      const names = new Map([...namedVariables(net)].map(([name, tensor]) => [tensor, name]));
      const image = input('x', [7, 3, 8, 8]);
      const evaluation = buildProgram(optimize(lower({ y: net(image) }, 'infer')), names);
      const stored = await engine.createVariables(variables, values);
      const train = await engine.compile(program, stored);
      const infer = await engine.compile(evaluation, stored);
      await train.run(feeds);
      const want = interpret(program, feeds, values);
      const after = await stored.read();
      for (const [name, value] of Object.entries(want.updates)) {
        const moved = largest(value.map((number, i) => number - values[name]![i]!));
        const off = largest(value.map((number, i) => number - after[name]![i]!));
        expect(off, name).toBeLessThan(1e-4 * moved + 1e-7);
      }
      const { y } = await infer.run({ x });
      const exact = interpret(evaluation, { x }, after);
      const off = largest(exact.outputs.y!.map((number, k) => number - y![k]!));
      expect(off).toBeLessThan(1e-5 * largest(exact.outputs.y!));
      if (/oneDNN 2\..*AVX-512/.test(engine.description)) {
        const ops = train.explain.steps.filter(({ kernel }) => kernel.includes('wino'));
        const directions = ['conv2d', 'conv2dInputGrad', 'conv2dWeightGrad'];
        expect(ops.map((step) => step.ops[0]).sort()).toEqual(directions);
        expect(infer.explain.steps.filter(({ kernel }) => kernel.includes('wino'))).toHaveLength(1);
      }
    }));

  test('bfloat16 follows float32', () =>
    withEngine(2, async (engine) => {
      const { program, variables, values, feeds } = step(sgd(), 0);
      const losses = async (given: Program) => {
        const stored = await engine.createVariables(variables, values);
        const run = await engine.compile(given, stored);
        const list: number[] = [];
        for (let i = 0; i < 6; i++) list.push((await run.run(feeds)).loss![0]!);
        return list;
      };
      const [full, half] = [await losses(program), await losses(mixedPrecision(program))];
      half.forEach((loss, i) => {
        expect(Math.abs(loss - full[i]!)).toBeLessThan(0.05 * full[0]!);
      });
    }));

  test('an updated variable that is read later keeps its old value for the reader', () =>
    withEngine(1, async (engine) => {
      const { program, variables, values, feeds } = variablesThatSwap();
      const stored = await engine.createVariables(variables, values);
      const run = await engine.compile(program, stored);
      await run.run(feeds);
      expect(await stored.read()).toEqual({ a: Float32Array.of(3, 4), b: Float32Array.of(1, 2) });
    }));

  test('errors name the op, the input and the rule', () =>
    withEngine(1, async (engine) => {
      const stored = await engine.createVariables([], {});
      const y = matmul(input('a', [2, 3]), constant(1, [3, 4]));
      const run = await engine.compile(buildProgram({ outputs: { y }, updates: [] }), stored);
      await expect(run.run({ a: new Float32Array(5) })).rejects.toThrow(
        /input "a" must be a Float32Array of 6 \(float32 \[2, 3\]\), not Float32Array\(5\)/,
      );
      const image = conv2d(input('x', [1, 2, 4, 4]), input('w', [3, 2, 3, 3]));
      const bad = buildProgram({ outputs: { image }, updates: [] });
      const broken: Program = { ...bad, types: bad.types.map((t) => ({ ...t, dtype: 'int32' })) };
      await expect(engine.compile(broken, stored)).rejects.toThrow(/^onednn: conv2d: oneDNN/);
    }));
});
