import { type Batch, type ImageDataset, loader } from '../data/index.ts';
import type { Engine } from '../engines/engine.ts';
import {
  gradients as differentiate,
  lower,
  type NumberArray,
  type Tensor,
} from '../graph/index.ts';
import {
  batchNorm,
  classification,
  conv,
  flatten,
  gains,
  globalAvgPool,
  type Initializer,
  identity,
  initialize,
  isWeight,
  kaimingNormal,
  type Layer,
  linear,
  namedParameters,
  sequential,
  xavierNormal,
} from '../nn/index.ts';
import { relu, sigmoid } from '../ops/index.ts';
import { sgd, startingValues, trainStep } from '../optim/index.ts';
import { compile } from '../train/compile.ts';
import { count, real } from './options.ts';
import { curves } from './pictures.ts';
import { dataOptions, engineOptions, study } from './study.ts';
import { power } from './words.ts';

interface Variant {
  readonly name: string;
  readonly activation: (x: Tensor) => Tensor;
  readonly norm: (channels: number) => (x: Tensor) => Tensor;
  /** How weights start: as is right for the activation, or twice as large. */
  readonly start: Initializer;
}

const none = () => identity;

const variants: readonly Variant[] = [
  { name: 'sigmoid', activation: sigmoid, norm: none, start: xavierNormal() },
  { name: 'sigmoid, batch norm', activation: sigmoid, norm: batchNorm, start: xavierNormal() },
  { name: 'ReLU', activation: relu, norm: none, start: kaimingNormal() },
  { name: 'ReLU, batch norm', activation: relu, norm: batchNorm, start: kaimingNormal() },
  {
    name: 'ReLU, weights doubled',
    activation: relu,
    norm: none,
    start: kaimingNormal({ gain: 2 * gains.relu }),
  },
];

type Shape = readonly [c: number, h: number, w: number];
type Build = (variant: Variant, depth: number, shape: Shape, classes: number) => Layer;

const stack = (depth: number, parts: (i: number) => ((x: Tensor) => Tensor)[]) =>
  sequential(...Array.from({ length: depth }, (_, i) => sequential(...parts(i))));

/** Nets of `depth` layers, the last of which answers. */
const nets: Readonly<Record<string, Build>> = {
  /** Dense layers, 64 wide. */
  MLP: ({ activation, norm }, depth, [c, h, w], classes) =>
    stack(depth, (i) => {
      const cin = i === 0 ? c * h * w : 64;
      if (i === depth - 1) return [linear(cin, classes)];
      return [...(i === 0 ? [flatten] : []), linear(cin, 64), norm(64), activation];
    }),
  /** 3×3 convolutions to 16 channels, the first of which halves the image. */
  'conv net': ({ activation, norm }, depth, [c], classes) =>
    stack(depth, (i) => {
      if (i === depth - 1) return [globalAvgPool, linear(16, classes)];
      const [cin, stride] = i === 0 ? [c, 2] : [16, 1];
      return [conv(cin, 16, 3, { stride, padding: 1 }), norm(16), activation];
    }),
};

/** One line of a panel. */
interface Outcome {
  readonly net: string;
  readonly variant: string;
  /** Norms of the gradients of each layer's weights, the first layer first. */
  readonly start: readonly number[];
  readonly end: readonly number[];
  /** At the end, in nats. */
  readonly loss: number;
}

/** The norm of the gradient of the loss with respect to the weights of each layer. */
export async function gradientNorms(
  model: Layer,
  weights: ReadonlyMap<string, NumberArray>,
  batch: Batch,
  engine: Engine,
): Promise<number[]> {
  const layers = [...namedParameters(model)].filter(([name, tensor]) => isWeight(name, tensor));
  const { loss } = classification();
  await using compiled = await compile(
    ({ x, y }) => {
      const lowered = lower({ loss: loss(model(x), { y }) }, 'train');
      const grads = differentiate(
        lowered.outputs.loss,
        layers.map(([, tensor]) => tensor),
      );
      return Object.fromEntries(layers.map(([name], i) => [name, grads[i]!]));
    },
    {
      x: { shape: batch.shape, dtype: 'float32' },
      y: { shape: [batch.count], dtype: 'int32' },
    },
    { engine, mode: 'train', model, weights },
  );
  const grads = await compiled.run({ x: batch.images, y: batch.labels });
  // In double precision: the squares of vanishing gradients have no place in float32.
  return layers.map(([name]) => {
    let sum = 0;
    for (const g of grads[name]!) sum += g * g;
    return Math.sqrt(sum);
  });
}

interface Run {
  readonly model: Layer;
  readonly start: Initializer;
  readonly train: ImageDataset;
  readonly steps: number;
  readonly batch: number;
  readonly lr: number;
  readonly seed: number;
  readonly engine: Engine;
  onStep(step: number, loss: number): void;
}

/** Gradients of one net before and after some steps of plain gradient descent. */
async function follow(run: Run): Promise<Pick<Outcome, 'start' | 'end' | 'loss'>> {
  const { model, train, steps, batch, seed, engine } = run;
  const batches = loader(train, { batchSize: batch, shuffle: true, lastBatch: 'drop', seed });
  const weights = initialize(model, { seed, scheme: run.start });
  const { images, labels, ...rest } = (await batches.epoch(0).next()).value!;
  // Copies: the loader uses its arrays again.
  const first: Batch = { ...rest, images: images.slice(), labels: labels.slice() };
  const start = await gradientNorms(model, weights, first, engine);

  const step = trainStep({
    model,
    inputs: {
      x: { shape: first.shape, dtype: 'float32' },
      y: { shape: [batch], dtype: 'int32' },
    },
    loss: classification().loss,
    optimizer: sgd(),
  });
  const values = startingValues(step.variables, weights, seed);
  await using variables = await engine.createVariables(step.variables, values);
  await using executable = await engine.compile(step.program, variables);
  let loss = Number.NaN;
  for (let done = 0; done < steps; ) {
    for await (const { images, labels } of batches.epoch(1 + Math.floor(done / batches.batches))) {
      const outputs = await executable.run({ x: images, y: labels, lr: Float32Array.of(run.lr) });
      loss = outputs.loss![0]!;
      run.onStep(++done, loss);
      if (done === steps) break;
    }
  }
  const trained = new Map(Object.entries(await variables.read()));
  return { start, end: await gradientNorms(model, trained, first, engine), loss };
}

export const gradients = study({
  name: 'gradients',
  summary: 'how the gradients of the layers vanish or explode, with sigmoid, ReLU and batch norm',
  takes: [...dataOptions, ...engineOptions],
  options: {
    depth: count('layers of the nets', 12, { quick: 8, least: 2 }),
    steps: count('updates between the two measurements', 200, { quick: 10 }),
    batch: count('images per step', 64, { quick: 32 }),
    lr: real('learning rate', 0.1),
  },
  async run(
    { depth, steps, batch, lr },
    { config: { seed }, progress, note, data, engine: started },
  ) {
    const { train } = await data(Math.min(200, steps) * batch, 1);
    const engine = await started();
    const outcomes: Outcome[] = [];
    const whole = Object.keys(nets).length * variants.length * steps;
    for (const [net, build] of Object.entries(nets)) {
      for (const variant of variants) {
        const before = outcomes.length * steps;
        const result = await follow({
          model: build(variant, depth, train.shape, train.classes.length),
          ...{ start: variant.start, train, steps, batch, lr, seed, engine },
          onStep: (step, loss) =>
            progress(before + step, whole, [`${net}, ${variant.name}`, `loss ${loss.toFixed(3)}`]),
        });
        outcomes.push({ net, variant: variant.name, ...result });
        note(`${net}, ${variant.name}: first/last layer ${power(ratio(result.start))}`);
      }
    }
    const times = ['at the start', `after ${steps} steps`] as const;
    const series = outcomes.flatMap(({ net, variant, start, end }) =>
      [start, end].flatMap((norms, i) =>
        norms.map((norm, layer) => ({
          ...{ net, variant, time: times[i]!, layer: layer + 1 },
          // A logarithm has no place for zero either.
          gradientNorm: Number.isFinite(norm) && norm > 0 ? norm : null,
        })),
      ),
    );
    return {
      columns: [
        { key: 'net', title: 'net' },
        { key: 'variant', title: 'variant' },
        { key: 'first', title: 'first layer', format: 'power' },
        { key: 'last', title: 'last layer', format: 'power' },
        { key: 'ratio', title: 'first/last', format: 'power' },
        { key: 'ratioAfter', title: `after ${steps} steps`, format: 'power' },
        { key: 'loss', title: 'loss then', format: 'decimal' },
      ],
      rows: outcomes.map(({ net, variant, start, end, loss }) => ({
        ...{ net, variant, first: finite(start[0]!), last: finite(start.at(-1)!) },
        ...{ ratio: finite(ratio(start)), ratioAfter: finite(ratio(end)), loss: finite(loss) },
      })),
      series,
      picture: curves(series, {
        x: { field: 'layer', title: 'layer', whole: true },
        y: { field: 'gradientNorm', title: 'norm of the gradient', scale: 'log' },
        color: { field: 'variant', title: null, order: variants.map(({ name }) => name) },
        column: { field: 'time', order: times },
        row: { field: 'net', order: Object.keys(nets) },
        point: true,
      }),
      findings: findings(outcomes, steps, train.classes.length),
    };
  },
});

const ratio = (norms: readonly number[]): number => norms[0]! / norms.at(-1)!;
const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);

/** From here on gradients are said to vanish or to explode. */
const [TINY, HUGE] = [1e-3, 1e3];

/** `sigmoid (MLP 2.0e-4, conv net 6.4e-6)`, and so on. */
const byVariant = (
  outcomes: readonly Outcome[],
  value: (outcome: Outcome) => string | undefined = () => undefined,
): string => {
  const names = [...new Set(outcomes.map(({ variant }) => variant))];
  const inside = (name: string) =>
    outcomes
      .filter(({ variant }) => variant === name)
      .map((outcome) => [outcome.net, ...[value(outcome) ?? []].flat()].join(' '));
  return names.map((name) => `${name} (${inside(name).join(', ')})`).join('; ');
};

function findings(outcomes: readonly Outcome[], steps: number, classes: number): string[] {
  const vanishing = outcomes.filter(({ start }) => ratio(start) < TINY);
  const rest = outcomes.filter((outcome) => !vanishing.includes(outcome));
  const least = Math.min(...rest.map(({ start }) => ratio(start)));
  const exploding = outcomes.filter(({ start }) => !(Math.max(...start) < HUGE));
  const chance = Math.log(classes);
  const stuck = outcomes.filter(({ loss }) => !(loss < 0.95 * chance));
  return [
    vanishing.length === 0
      ? `At the start no gradient vanishes: the first layer's is nowhere less than ${power(least)} of the last layer's.`
      : `At the start gradients vanish on their way to the first layer; they come down to this part of the last layer's: ${byVariant(vanishing, ({ start }) => power(ratio(start)))}. Elsewhere it is ${power(least)} or more.`,
    exploding.length === 0
      ? 'No gradient explodes.'
      : `Gradients explode, up to these norms: ${byVariant(exploding, ({ start }) => power(Math.max(...start)))}.`,
    stuck.length === 0
      ? `After ${steps} steps every net does better than guessing.`
      : `After ${steps} steps these do no better than guessing, which costs ${chance.toFixed(2)}, or have no numbers left: ${byVariant(stuck)}.`,
  ];
}
