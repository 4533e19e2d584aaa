import type { ImageDataset } from '../data/index.ts';
import type { Engine } from '../engines/engine.ts';
import { resolveConfig, type TrainOptions } from '../train/config.ts';
import type { Network } from '../train/network.ts';
import { trainNetwork } from '../train/trainer.ts';
import type { MetricsRow, RunStore } from '../train/types.ts';

export interface ShortRun {
  readonly network: Network;
  readonly train: ImageDataset;
  readonly test: ImageDataset;
  readonly engine: Engine;
  /** The network is tested once, at the end, unless `evalEvery` says more. */
  readonly options: TrainOptions & { readonly epochs: number };
  /** Epochs done, with the part of the running one, and the mean loss so far in it. */
  onStep?(epoch: number, trainLoss: number): void;
}

/** How a short training ended. A loss that is no number is `null`. */
export interface ShortResult {
  /** Means over the last epoch, while it was trained. */
  readonly trainLoss: number | null;
  readonly trainAccuracy: number;
  readonly testLoss: number | null;
  readonly testAccuracy: number;
  /** Several an epoch. */
  readonly rows: readonly MetricsRow[];
}

/** Trains a network for a few epochs and keeps nothing but the metrics. */
export async function trainShortly(run: ShortRun): Promise<ShortResult> {
  const { network, train, test, engine, options } = run;
  const rows: MetricsRow[] = [];
  const result = await trainNetwork({
    ...{ network, train, test, engine },
    config: resolveConfig({ evalEvery: options.epochs }, options),
    preprocessing: { shape: train.shape },
    store: metricsOnly(rows),
    hooks: { onStep: ({ epoch, trainLoss }) => run.onStep?.(epoch, trainLoss) },
  });
  const last = result.last!;
  const finite = (value: number) => (Number.isFinite(value) ? value : null);
  return {
    trainLoss: finite(last.trainLoss),
    trainAccuracy: last.trainAccuracy,
    testLoss: finite(last.testLoss!),
    testAccuracy: last.testAccuracy!,
    rows,
  };
}

const metricsOnly = (rows: MetricsRow[]): RunStore => ({
  location: 'memory',
  async begin() {},
  async save() {},
  async record(row) {
    rows.push(row);
  },
  async draw() {},
  async log() {},
  async finish() {},
});
