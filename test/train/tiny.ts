import { type InMemoryDataset, inMemoryDataset } from '../../src/data/index.ts';
import type { Engine, Executable, Variables } from '../../src/engines/engine.ts';
import { referenceEngine } from '../../src/engines/reference/engine.ts';
import { philox4x32 } from '../../src/graph/philox.ts';
import {
  buildNetwork,
  type Checkpoint,
  decodeCheckpoint,
  type EpochMetrics,
  encodeCheckpoint,
  type MetricsRow,
  type Preprocessing,
  type RunStore,
  resolveConfig,
  type TrainHooks,
  type TrainOptions,
  trainNetwork,
} from '../../src/train/index.ts';

/** Images of 6 × 6 noise with a bright column that tells the class, of 3. */
export function stripes(length: number, seed = 1): InMemoryDataset {
  const images = new Uint8Array(length * 36);
  const labels = new Uint8Array(length);
  for (let i = 0; i < length; i++) {
    const label = philox4x32([i, 0, 0, 0], [seed, 0])[0] % 3;
    labels[i] = label;
    for (let p = 0; p < 36; p++) {
      const noise = philox4x32([i, p, 1, 0], [seed, 0])[0] % 80;
      images[i * 36 + p] = noise + (Math.floor((p % 6) / 2) === label ? 120 : 0);
    }
  }
  return inMemoryDataset({
    name: 'stripes',
    classes: ['a', 'b', 'c'],
    shape: [1, 6, 6],
    images,
    labels,
  });
}

/** The reference engine with variables that are float32 between runs, as in every other engine. */
export function tinyEngine(): Engine {
  const engine = referenceEngine();
  return {
    ...engine,
    async compile(program, variables: Variables): Promise<Executable> {
      const executable = await engine.compile(program, variables);
      return {
        ...executable,
        async run(feeds) {
          const outputs = await executable.run(feeds);
          if (program.updates.length > 0) await variables.write(await variables.read());
          return outputs;
        },
      };
    },
  };
}

/** A store that keeps bytes, as a file would. */
export interface MemoryStore extends RunStore {
  readonly saved: Map<string, Uint8Array>;
  readonly lines: string[];
  rows: MetricsRow[];
  load(name: string): Promise<Checkpoint>;
}
export function memoryStore(): MemoryStore {
  const saved = new Map<string, Uint8Array>();
  const lines: string[] = [];
  const store: MemoryStore = {
    location: 'memory',
    saved,
    lines,
    rows: [],
    async begin(_config, rows) {
      store.rows = [...rows];
    },
    async save(name, checkpoint) {
      saved.set(name, Buffer.concat(await encodeCheckpoint(checkpoint)));
    },
    async record(row) {
      store.rows.push(row);
    },
    async log(line) {
      lines.push(line);
    },
    async draw() {},
    async finish() {},
    load: (name) => decodeCheckpoint(saved.get(name)!, name),
  };
  return store;
}

export const tinyOptions: TrainOptions = {
  model: 'mlp',
  modelOptions: { hidden: 8 },
  batch: 16,
  lr: 0.1,
  epochs: 3,
};

const data = { train: stripes(40), test: stripes(21, 2) };
const preprocessing: Preprocessing = { shape: [1, 6, 6] };

/** Trains on stripes. */
export async function trainStripes(
  options: TrainOptions,
  store: RunStore,
  hooks: TrainHooks = {},
  from?: { checkpoint: Checkpoint; source: string },
  engine = tinyEngine(),
) {
  const config = resolveConfig(tinyOptions, options);
  return trainNetwork({
    config,
    ...data,
    network: buildNetwork(config, 3, [1, 6, 6]),
    preprocessing,
    engine,
    store,
    from,
    hooks,
  });
}

/** Goes on with the last checkpoint of the store, if it has one. */
export async function trainTiny(
  options: TrainOptions,
  store: MemoryStore,
  hooks?: TrainHooks,
  engine?: Engine,
) {
  const last = store.saved.has('last') ? await store.load('last') : undefined;
  const from = last && { checkpoint: last, source: 'memory' };
  return trainStripes(options, store, hooks, from, engine);
}

/** What the child process trains that is killed. */
export const childOptions: TrainOptions = { epochs: 40, momentum: 0.9, ema: 0.9 };

/** Metrics without what depends on the clock. */
export const timeless = (rows: readonly MetricsRow[]) =>
  rows.map((row) => ({ ...row, ...untimed }));
const untimed: Partial<EpochMetrics> = { examplesPerSecond: 0, waitShare: 0, seconds: 0 };
