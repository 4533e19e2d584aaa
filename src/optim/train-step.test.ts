import { describe, expect, it } from 'vitest';
import { referenceEngine } from '../engines/reference/engine.ts';
import type { NumberArray, Tensor } from '../graph/index.ts';
import {
  batchNorm,
  classification,
  conv,
  dropout,
  flatten,
  initialize,
  type Layer,
  layer,
  linear,
  type Model,
  meanSquaredError,
  pipe,
  sequential,
} from '../nn/index.ts';
import { relu, sum } from '../ops/index.ts';
import { evaluationStep } from './evaluation-step.ts';
import { freeze, noDecayOnNorm } from './groups.ts';
import { adamw, type Optimizer, rmsprop, sgd } from './optimizers.ts';
import { type TrainStep, trainStep } from './train-step.ts';
import { startingValues } from './variables.ts';

const net = (): Layer =>
  sequential(conv(1, 3, 3), batchNorm(3), relu, flatten, dropout(0.2), linear(3 * 4 * 4, 4));
const plain = (): Layer => sequential(flatten, linear(36, 8), relu, linear(8, 4));

const inputs = (n: number) =>
  ({
    x: { shape: [n, 1, 6, 6], dtype: 'float32' },
    y: { shape: [n], dtype: 'int32' },
  }) as const;

/** Images in which one quarter is brighter; the class says which. */
function quarters(n: number, first = 0) {
  const y = Int32Array.from({ length: n }, (_, i) => (first + i) % 4);
  const x = Float32Array.from({ length: n * 36 }, (_, i) => {
    const [image, row, column] = [Math.floor(i / 36), Math.floor(i / 6) % 6, i % 6];
    const quarter = Number(row >= 3) * 2 + Number(column >= 3);
    return (quarter === y[image] ? 1 : 0) + 0.3 * Math.sin(7 * (i + 36 * first));
  });
  return { x, y };
}

type Values = Record<string, NumberArray>;

/** Runs programs on shared variables, which start from seed 0. */
async function start(model: Model, { variables }: Pick<TrainStep, 'variables'>) {
  const engine = referenceEngine();
  const values = startingValues(variables, initialize(model, { seed: 0 }), 5);
  const shared = await engine.createVariables(variables, values);
  const load = async (program: TrainStep['program']) => {
    const executable = await engine.compile(program, shared);
    return (feeds: Values) => executable.run(feeds);
  };
  return { load, read: () => shared.read() };
}

/** Weights after some updates with one batch. */
async function train(model: Layer, step: TrainStep, updates: number, batch: Values, lr = 0.1) {
  const session = await start(model, step);
  const run = await session.load(step.program);
  const losses: number[] = [];
  for (let i = 0; i < updates; i++) {
    losses.push((await run({ ...batch, lr: Float32Array.of(lr) })).loss![0]!);
  }
  return { session, losses, values: await session.read() };
}

describe('trainStep', () => {
  it.each<[string, Optimizer, number]>([
    ['sgd', sgd({ momentum: 0.9, nesterov: true }), 0.05],
    ['adamw', adamw(), 0.02],
    ['rmsprop', rmsprop(), 0.005],
  ])('overfits one batch with %s', async (_name, optimizer, lr) => {
    const model = net();
    const step = trainStep({ model, inputs: inputs(8), ...classification(), optimizer });
    const { losses, session, values } = await train(model, step, 40, quarters(8), lr);
    expect(losses[0]).toBeGreaterThan(1);
    expect(losses.at(-1)).toBeLessThan(0.1);
    expect(values.step).toEqual(Int32Array.of(40));
    expect(values['1.num_batches_tracked']).toEqual(Int32Array.of(40));

    const evaluation = evaluationStep({ model, inputs: inputs(8), ...classification() });
    const judged = await (await session.load(evaluation.program))(quarters(8));
    expect(judged.correct).toEqual(new Float32Array(8).fill(1));
    expect(judged.loss!.length).toBe(8);
  });

  it('names everything that lives between runs', () => {
    const model = net();
    const optimizer = sgd({ momentum: 0.9 });
    const step = trainStep({
      model,
      inputs: inputs(2),
      ...classification(),
      optimizer,
      ema: { decay: 0.9 },
    });
    const names = step.variables.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const name of [
      '0.weight',
      '1.running_var',
      'momentum/0.weight',
      'average/5.bias',
      'average/1.running_mean',
      'step',
      'seed',
    ]) {
      expect(names).toContain(name);
    }
    expect(step.program.inputs.map(({ name }) => name).sort()).toEqual(['lr', 'x', 'y']);
    expect(step.program.outputs.map(({ name }) => name).sort()).toEqual(['correct', 'loss']);
    const values = startingValues(step.variables, initialize(model, { seed: 0 }), 5);
    expect(values.seed).toEqual(Int32Array.of(5));
    expect(values['average/0.weight']).toEqual(values['0.weight']);
    expect(values['momentum/0.weight']).toEqual(new Float32Array(27));
    expect(() => startingValues(step.variables, new Map(), 0)).toThrow(
      'variable 0.weight: needs 27 numbers under "0.weight" (there are none)',
    );
  });

  it('averages the gradients of several batches into one update', async () => {
    const options = { ...classification(), optimizer: adamw(), clip: { norm: 0.5 } };
    const whole = plain();
    const once = trainStep({ model: whole, inputs: inputs(8), ...options });
    const expected = await train(whole, once, 2, quarters(8));

    const parts = plain();
    const step = trainStep({ model: parts, inputs: inputs(4), ...options, accumulate: 2 });
    const session = await start(parts, step);
    const accumulate = await session.load(step.accumulation!);
    const update = await session.load(step.program);
    for (let i = 0; i < 2; i++) {
      await accumulate(quarters(4));
      await update({ ...quarters(4, 4), lr: Float32Array.of(0.1) });
    }
    const values = await session.read();
    expect(values.step).toEqual(Int32Array.of(4));
    expect(values.updates).toEqual(Int32Array.of(2));
    expect(step.accumulation!.inputs.map(({ name }) => name).sort()).toEqual(['x', 'y']);
    for (const name of once.trained) {
      expect(values[`gradient/${name}`]!.every((g) => g === 0)).toBe(true);
      expected.values[name]!.forEach((value, i) => {
        expect(values[name]![i]).toBeCloseTo(value, 5);
      });
    }
  });

  it('draws another dropout mask in every run', async () => {
    const model = sequential(flatten, linear(36, 4), dropout(0.5));
    const step = trainStep({
      model,
      inputs: inputs(4),
      loss: (y: Tensor, { y: labels }) => classification().loss(y, { y: labels }),
      metrics: (y: Tensor) => ({ y }),
      optimizer: sgd(),
    });
    const run = await (await start(model, step)).load(step.program);
    const masks = [];
    for (let i = 0; i < 2; i++) {
      const { y } = await run({ ...quarters(4), lr: Float32Array.of(0) });
      masks.push(Array.from(y!).map((value) => value === 0));
    }
    expect(masks[0]).not.toEqual(masks[1]);
  });

  it('freezes, scales rates and leaves norms undecayed by group', async () => {
    const model = net();
    const before = initialize(model, { seed: 0 });
    const step = trainStep({
      model,
      inputs: inputs(4),
      // No gradient but that of weight decay.
      loss: (y: Tensor) => sum(y),
      optimizer: sgd({ weightDecay: 0.5 }),
      groups: [freeze(/^0\./), noDecayOnNorm, { match: /^5/, lrScale: 0.5, weightDecay: 1 }],
    });
    expect(step.trained).toEqual(['1.weight', '1.bias', '5.weight', '5.bias']);
    const names = step.variables.map(({ name }) => name);
    expect(names).toContain('0.weight');
    const { values } = await train(model, step, 1, quarters(4), 1);
    expect(values['0.weight']).toEqual(before.get('0.weight'));
    // Every logit's gradient is 1: the bias moves by lr·n and knows no decay.
    expect(values['5.bias']![0]).toBeCloseTo(before.get('5.bias')![0]! - 4, 5);
    const plainStep = trainStep({
      model,
      inputs: inputs(4),
      loss: (y: Tensor) => sum(y),
      optimizer: sgd(),
      groups: [{ match: /^5/, lrScale: 0.5 }],
    });
    const undecayed = (await train(model, plainStep, 1, quarters(4), 1)).values;
    values['5.weight']!.forEach((value, i) => {
      const decay = 0.5 * 1 * before.get('5.weight')![i]!;
      expect(value).toBeCloseTo(undecayed['5.weight']![i]! - decay, 5);
    });
  });

  it('evaluates with averaged weights when asked', async () => {
    const model = net();
    const options = { inputs: inputs(4), optimizer: sgd(), ...classification() };
    const step = trainStep({ model, ...options, ema: { decay: 0.5 } });
    const before = initialize(model, { seed: 0 });
    const { session, values } = await train(model, step, 1, quarters(4));
    values['average/5.weight']!.forEach((average, i) => {
      const mean = (before.get('5.weight')![i]! + values['5.weight']![i]!) / 2;
      expect(average).toBeCloseTo(mean, 6);
    });
    expect(step.averaged).toContain('1.running_var');
    expect(step.averaged).not.toContain('1.num_batches_tracked');

    const evaluation = { model, inputs: inputs(4), ...classification() };
    const averaged = evaluationStep({ ...evaluation, averaged: step.averaged });
    const run = await session.load(averaged.program);
    const got = await run(quarters(4));

    const copies = new Map(step.averaged.map((name) => [name, values[`average/${name}`]!]));
    const weights = new Map([...before, ...copies]);
    const engine = referenceEngine();
    const own = evaluationStep(evaluation);
    const variables = await engine.createVariables(
      own.variables,
      startingValues(own.variables, weights, 0),
    );
    const expected = await (await engine.compile(own.program, variables)).run(quarters(4));
    expect(got.loss).toEqual(expected.loss);
    const raw = await (await session.load(own.program))(quarters(4));
    expect(got.loss).not.toEqual(raw.loss);
  });

  it('leaves alone what the loss does not depend on', async () => {
    const model = layer('two', { used: linear(36, 4), unused: linear(36, 4) }, (l, x) =>
      pipe(x, flatten, l.used),
    );
    const optimizer = sgd({ weightDecay: 0.1 });
    const step = trainStep({ model, inputs: inputs(4), ...classification(), optimizer });
    expect(step.trained).toEqual(['used.weight', 'used.bias']);
    expect(step.variables.map(({ name }) => name)).toContain('unused.weight');
  });

  it('feeds whatever inputs it is given', async () => {
    const model = sequential(flatten, linear(36, 2));
    const step = trainStep({
      model,
      inputs: {
        x: { shape: [3, 1, 6, 6], dtype: 'float32' },
        boxes: { shape: [3, 2], dtype: 'float32' },
      },
      loss: (y: Tensor, { boxes }) => meanSquaredError(y, boxes),
      optimizer: sgd(),
    });
    const batch = { x: quarters(3).x, boxes: Float32Array.of(1, 2, 3, 4, 5, 6) };
    const { losses } = await train(model, step, 20, batch);
    expect(losses.at(-1)).toBeLessThan(losses[0]! / 5);
  });

  it('says what is wrong', () => {
    const model = net();
    const options = { model, inputs: inputs(4), ...classification(), optimizer: sgd() };
    expect(() => trainStep({ ...options, model: (x: Tensor) => model(x) })).toThrow(
      'the model has no parameters; make it with layer or sequential',
    );
    expect(() => trainStep({ ...options, groups: [freeze(/./)] })).toThrow(
      'there is nothing to train: every parameter is frozen, or the loss depends on none',
    );
    expect(() => trainStep({ ...options, groups: [freeze(/^fc/)] })).toThrow(
      'parameter group /^fc/: no parameter has such a name; there are 0.weight, 0.bias, 1.weight',
    );
    expect(() => trainStep({ ...options, accumulate: 0 })).toThrow(
      'accumulate must be a whole number, 1 or more (it is 0)',
    );
    expect(() => trainStep({ ...options, ema: { decay: 1 } })).toThrow(
      'ema: decay must lie in [0, 1) (it is 1)',
    );
    expect(() => trainStep({ ...options, clip: { norm: 0 } })).toThrow(
      'clipGradNorm: the limit must be above 0 (it is 0)',
    );
    expect(() => evaluationStep({ ...options, averaged: ['nope'] })).toThrow(
      'ema: the model has no variable "nope"',
    );
  });
});
