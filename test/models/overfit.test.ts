import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Engine } from '../../src/engines/engine.ts';
import { onednnEngine, onednnStatus } from '../../src/engines/onednn/engine.ts';
import { wasmEngine } from '../../src/engines/wasm/index.ts';
import { mixedPrecision, type Precision, randomStream, type Shape } from '../../src/graph/index.ts';
import { model, modelEntry, models } from '../../src/models/index.ts';
import { classification, initialize } from '../../src/nn/index.ts';
import { adam, startingValues, trainStep } from '../../src/optim/index.ts';

// Every net learns four images by heart: thin where it has an option for that, without dropout, and
// on the smallest images that leave batch norms something to go by. Where ReLU would silence whole
// layers of a net so thin, ELU takes its place.

const CLASSES = 3;
const BATCH = 4;
/** A loss, in nats; ln 3 = 1.1 is what guessing costs. */
const ENOUGH = 0.5;

interface Setting {
  readonly options: Readonly<Record<string, number | string>> & { readonly size: number };
  readonly lr?: number;
}

/** By name, or else by family. */
const settings: Readonly<Record<string, Setting>> = {
  lenet: { options: { size: 28 }, lr: 0.01 },
  mlp: { options: { size: 28 } },
  alexnet: { options: { size: 80, hidden: 64 } },
  'alexnet-book': { options: { size: 80, hidden: 64 }, lr: 2e-4 },
  vgg: { options: { size: 32, hidden: 64, ratio: 8, activation: 'elu' }, lr: 5e-4 },
  // Their logits come out of the activation: a map that ReLU silences everywhere is lost.
  nin: { options: { size: 67, norm: 'batch', activation: 'elu' }, lr: 3e-3 },
  squeezenet: { options: { size: 32, activation: 'elu' } },
  'nin-11': { options: { size: 32, ratio: 4 } },
  'nin-16': { options: { size: 32, ratio: 4 } },
  'nin-19': { options: { size: 32, ratio: 4 } },
  googlenet: { options: { size: 48 } },
  'googlenet-book': { options: { size: 48 }, lr: 1e-4 },
  resnet: { options: { size: 32, ratio: 4 } },
  densenet: { options: { size: 32, growth: 8 } },
  mobilenet: { options: { size: 48, width: 0.5 } },
};

/** Noise on a colour of each image's own: [n, c, h, w]. */
function images(shape: Shape): Float32Array {
  const uniform = randomStream([1, 0], 0);
  const [n, c, h, w] = shape as [number, number, number, number];
  const colours = Array.from({ length: n * c }, () => 2 * uniform() - 1);
  return Float32Array.from(
    { length: n * c * h * w },
    (_, i) => colours[Math.floor(i / (h * w))]! + uniform() - 0.5,
  );
}

interface Place {
  readonly name: string;
  readonly precision: Precision;
  /** One thread: small steps, in tests that run beside others. */
  readonly open: () => Promise<Engine>;
  /** Why it cannot be tested here. */
  readonly missing?: string | undefined;
}
const { available, reason, bf16 } = onednnStatus();
const noBfloat16 = available && !bf16 ? 'this processor does not compute in bfloat16' : reason;
const onednn = () => onednnEngine({ threads: 1 });
const places: readonly Place[] = [
  { name: 'wasm', precision: 'float32', open: () => wasmEngine({ threads: 1 }) },
  { name: 'onednn', precision: 'float32', open: onednn, missing: reason },
  { name: 'onednn', precision: 'bfloat16', open: onednn, missing: noBfloat16 },
];

/** A training step, and what it starts from. */
function stepOf(name: string) {
  const { family, options, initial } = modelEntry(name);
  const { options: thin, lr = 1e-3 } = settings[name] ?? settings[family]!;
  const wanted = { ...thin, dropout: 0, classes: CLASSES };
  const known = Object.entries(wanted).filter(([key]) => key in options);
  const net = model(name, Object.fromEntries(known));
  const shape = [BATCH, options.channels, thin.size, thin.size];
  const step = trainStep({
    model: net,
    inputs: { x: { shape, dtype: 'float32' }, y: { shape: [BATCH], dtype: 'int32' } },
    ...classification(),
    optimizer: adam(),
  });
  const feeds = {
    x: images(shape),
    y: Int32Array.from({ length: BATCH }, (_, i) => i % CLASSES),
    lr: Float32Array.of(lr),
  };
  const weights = initialize(net, { seed: 0, ...initial });
  return { step, feeds, start: startingValues(step.variables, weights, 0) };
}

async function learn(engine: Engine, precision: Precision, work: ReturnType<typeof stepOf>) {
  const { step, feeds, start } = work;
  await using variables = await engine.createVariables(step.variables, start);
  const program = precision === 'bfloat16' ? mixedPrecision(step.program) : step.program;
  await using executable = await engine.compile(program, variables);
  const losses: number[] = [];
  for (let i = 0; i < 200; i++) {
    const { loss, correct } = await executable.run(feeds);
    losses.push(loss![0]!);
    if (correct![0] === BATCH && loss![0]! < ENOUGH) return undefined;
  }
  return `losses ${losses.map((loss) => loss.toFixed(2)).join(' ')}`;
}

describe('one batch is learnt by heart', () => {
  const engines = new Map<Place, Engine>();
  beforeAll(async () => {
    for (const place of places) {
      if (place.missing === undefined) engines.set(place, await place.open());
    }
  });
  afterAll(async () => {
    for (const engine of engines.values()) await engine[Symbol.asyncDispose]();
  });

  for (const { name, precision, missing } of places) {
    if (missing === undefined) continue;
    it(`on ${name} in ${precision}: ${missing}`, (context) => context.skip(missing));
  }

  describe.each(models.map(({ name }) => name))('by %s', (name) => {
    let work: ReturnType<typeof stepOf>;
    beforeAll(() => {
      work = stepOf(name);
    });
    it.each(places.filter(({ missing }) => missing === undefined))(
      'on $name in $precision',
      async (place) => {
        expect(await learn(engines.get(place)!, place.precision, work)).toBeUndefined();
      },
    );
  });
});
