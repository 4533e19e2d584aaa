import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Engine, Variables } from '../../src/engines/engine.ts';
import { onednnEngine, onednnStatus } from '../../src/engines/onednn/engine.ts';
import { referenceEngine } from '../../src/engines/reference/engine.ts';
import { wasmEngine } from '../../src/engines/wasm/index.ts';
import { type NumberArray, type Shape, sizeOf, type Tensor } from '../../src/graph/index.ts';
import {
  auxiliaryCrossEntropy,
  googlenetWithAuxiliary,
  model,
  modelEntry,
} from '../../src/models/index.ts';
import {
  crossEntropy,
  type Layer,
  namedParameters,
  namedVariables,
  parameterCount,
} from '../../src/nn/index.ts';
import { evaluationStep, sgd, startingValues, trainStep } from '../../src/optim/index.ts';
import { readGolden } from './read.ts';

/** The norm of a tensor, and its scalar product with noise. */
type Brief = readonly [norm: number, product: number];
type Kind = 'logits' | 'loss' | 'velocity' | 'statistics';
interface NetCase {
  readonly net: string;
  readonly options: Readonly<Record<string, number | boolean>>;
  readonly input: Shape;
  readonly lr: number;
  readonly before: readonly (readonly number[])[];
  readonly after: readonly (readonly number[])[];
  readonly steps: readonly {
    readonly logits: readonly (readonly number[])[];
    readonly loss: number;
    readonly velocities: readonly Brief[];
  }[];
  readonly running: readonly (readonly [mean: Brief, variance: Brief])[];
  /** What PyTorch itself is off by in float32. */
  readonly drift: Readonly<Record<Kind, number>>;
  /** Numbers of the parameters whose velocities are given. */
  readonly chosen: readonly number[];
}
interface Facts {
  readonly classes: number;
  readonly keys: readonly {
    readonly net: string;
    readonly options: Readonly<Record<string, boolean>>;
    readonly parameters: number;
    readonly entries: number;
    readonly digest: string;
  }[];
}

const { cases, classes, keys } = readGolden<NetCase, Facts>('models');

/** See make.py. */
function noise(k: number, i: number): number {
  let h = i ^ Math.imul(k + 1, 0x9e3779b1);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return ((h ^ (h >>> 16)) >>> 8) / 2 ** 23 - 1;
}

function images([n, c, height, width]: Shape): Float32Array {
  const [rows, columns] = [Math.ceil(height! / 4), Math.ceil(width! / 4)];
  return Float32Array.from({ length: n! * c! * height! * width! }, (_, at) => {
    const [plane, y, x] = [
      Math.floor(at / (height! * width!)),
      Math.floor(at / width!) % height!,
      at % width!,
    ];
    const square = (plane * rows + (y >> 2)) * columns + (x >> 2);
    return noise(100_000, square) + noise(300_000, at) / 4;
  });
}

function startOf(net: Layer): Map<string, NumberArray> {
  const weights = new Map<string, NumberArray>();
  let k = 0;
  for (const [name, { shape, dtype }] of namedVariables(net)) {
    if (dtype === 'int32') weights.set(name, new Int32Array(1));
    else if (name.endsWith('running_mean')) weights.set(name, new Float32Array(shape[0]!));
    else if (name.endsWith('running_var')) weights.set(name, new Float32Array(shape[0]!).fill(1));
    else weights.set(name, start(name, shape, k++));
  }
  return weights;
}

function start(name: string, shape: Shape, k: number): Float32Array {
  const values = new Float32Array(sizeOf(shape));
  const scale =
    shape.length > 1 ? 2 ** Math.round(Math.log2(6 / sizeOf(shape.slice(1))) / 2) : 0.25;
  const offset = shape.length === 1 && name.endsWith('.weight') ? 1 : 0;
  for (let i = 0; i < values.length; i++) values[i] = offset + scale * noise(k, i);
  return values;
}

/**
 * How far each kind may be off in float32, besides five times what PyTorch is off in float32. A ReLU or
 * a maximum that rounding tips over changes a gradient by a few per cent.
 */
const tolerance: Readonly<Record<Kind, number>> = {
  logits: 1e-3,
  loss: 1e-3,
  velocity: 5e-2,
  statistics: 5e-4,
};

function briefOf(values: NumberArray): Brief {
  let [squares, product] = [0, 0];
  for (const [i, value] of values.entries()) {
    squares += value * value;
    product += value * noise(200_000, i);
  }
  return [Math.sqrt(squares), product];
}

/** Largest deviation seen of each kind, relative to the largest number of its tensor. */
type Deviations = Record<Kind, number>;

async function deviations(engine: Engine, golden: NetCase): Promise<Deviations> {
  const { net: name, options, input: shape, lr, steps, running } = golden;
  const auxiliary = options.auxiliary === true;
  const full = {
    ...modelEntry(name).options,
    ...options,
    ...('dropout' in modelEntry(name).options ? { dropout: 0 } : {}),
    ...{ classes, channels: shape[1]!, size: shape[2]! },
  };
  const net = model(name, full);
  const inputs = {
    x: { shape, dtype: 'float32' },
    y: { shape: [shape[0]!], dtype: 'int32' },
  } as const;
  const outputs = (logits: Tensor) => ({ logits });
  const step = auxiliary
    ? trainStep({
        model: googlenetWithAuxiliary({ ...full, dropout: 0, auxiliaryDropout: 0 }),
        inputs,
        loss: (y, { y: labels }) => auxiliaryCrossEntropy(y, labels),
        metrics: ({ logits }) => ({ logits }),
        optimizer: sgd({ momentum: 0.9 }),
      })
    : trainStep({
        model: net,
        inputs,
        loss: (logits, { y }) => crossEntropy(logits, y),
        metrics: outputs,
        optimizer: sgd({ momentum: 0.9 }),
      });
  const values = startingValues(step.variables, startOf(net), 0);
  await using variables = await engine.createVariables(step.variables, values);
  const evaluation = evaluationStep({ model: net, inputs, outputs });
  await using infer = await engine.compile(evaluation.program, variables);
  await using train = await engine.compile(step.program, variables);

  const feeds = {
    x: images(shape),
    y: Int32Array.from({ length: shape[0]! }, (_, i) => i % classes),
  };
  const worst: Deviations = { logits: 0, loss: 0, velocity: 0, statistics: 0 };
  const note = (kind: Kind, got: ArrayLike<number>, wanted: readonly number[]) => {
    const size = Math.max(...wanted.map(Math.abs));
    for (const [i, value] of wanted.entries()) {
      const off = Math.abs(got[i]! - value) / size;
      if (!(off <= worst[kind])) worst[kind] = off;
    }
  };

  note('logits', (await infer.run({ x: feeds.x })).logits!, golden.before.flat());
  const parameters = [...namedParameters(net).keys()];
  for (const { logits, loss, velocities } of steps) {
    const got = await train.run({ ...feeds, lr: Float32Array.of(lr) });
    note('logits', got.logits!, logits.flat());
    note('loss', got.loss!, [loss]);
    const names = golden.chosen.map((at) => `momentum/${parameters[at]}`);
    const read = await variables.read(names);
    for (const [i, name] of names.entries()) {
      note('velocity', briefOf(read[name]!), velocities[i]!);
    }
  }
  await noteStatistics(variables, running, (got, wanted) => note('statistics', got, wanted));
  note('logits', (await infer.run({ x: feeds.x })).logits!, golden.after.flat());
  return worst;
}

/** The first and the last batch norm. */
async function noteStatistics(
  variables: Variables,
  running: NetCase['running'],
  note: (got: Brief, wanted: Brief) => void,
): Promise<void> {
  const stem = (ending: string) =>
    variables.types.map(({ name }) => name).filter((name) => name.endsWith(ending));
  const [means, variances] = [stem('running_mean'), stem('running_var')];
  const values = await variables.read([...means, ...variances]);
  for (const [i, [mean, variance]] of running.entries()) {
    note(briefOf(values[means.at(i === 0 ? 0 : -1)!]!), mean);
    note(briefOf(values[variances.at(i === 0 ? 0 : -1)!]!), variance);
  }
}

describe('keys, shapes and counts are those of torchvision', () => {
  it.each(keys)('$net', ({ net, options, parameters, entries, digest }) => {
    const built = model(net, options);
    expect(parameterCount(built)).toBe(parameters);
    const lines = [...namedVariables(built)].map(([name, { shape }]) => `${name} ${shape}\n`);
    expect(lines.length).toBe(entries);
    const hash = createHash('sha256').update(lines.join('')).digest('hex').slice(0, 16);
    expect(hash, 'compare the keys with those that make.py prints for this net').toBe(digest);
  });
});

interface EngineCase {
  readonly name: string;
  readonly open: () => Promise<Engine>;
  /** Why it cannot be tested here. */
  readonly missing?: string | undefined;
}
const engines: readonly EngineCase[] = [
  { name: 'wasm', open: () => wasmEngine({ threads: 2 }) },
  { name: 'onednn', open: () => onednnEngine({ threads: 2 }), missing: onednnStatus().reason },
];

describe('two training steps agree with PyTorch', () => {
  const check = (worst: Deviations, allowed: (kind: Kind) => number) => {
    for (const [kind, off] of Object.entries(worst)) {
      expect(off, kind).toBeLessThanOrEqual(allowed(kind as Kind));
    }
  };

  describe.each(engines)('on $name', ({ name, open, missing }) => {
    if (missing !== undefined) {
      it(`${name}: ${missing}`, (context) => context.skip(missing));
      return;
    }
    let engine: Engine;
    beforeAll(async () => {
      engine = await open();
    });
    afterAll(() => engine[Symbol.asyncDispose]());

    it.each(cases)('$net', async (golden) => {
      const worst = await deviations(engine, golden);
      check(worst, (kind) => tolerance[kind] + 5 * golden.drift[kind]);
    });
  });

  // Weights are float32 there too; what is computed between them is float64.
  it.each(cases.filter(({ net }) => ['squeezenet1_1', 'resnet20'].includes(net)))(
    '$net on reference',
    async (golden) => {
      check(await deviations(referenceEngine(), golden), () => 1e-6);
    },
  );
});
