import type { ImageShape, Normalization } from '../data/index.ts';
import type { ArrayMap } from '../interchange/safetensors.ts';
import type { Fit } from './augmentation.ts';
import type { BatchPicture } from './batch-picture.ts';
import type { TrainConfig } from './config.ts';

/** Where training stands in the middle of an epoch. Printed several times an epoch. */
export interface StepMetrics {
  /** Epochs done, with the part of the running one: 0.2 is a fifth of the first. */
  readonly epoch: number;
  /** Updates done. */
  readonly step: number;
  /** Running means over the samples of this epoch, while it is trained. */
  readonly trainLoss: number;
  readonly trainAccuracy: number;
  readonly lr: number;
}

/** One finished epoch. Losses are means of the cross-entropy, in nats; accuracies lie in 0 … 1. */
export interface EpochMetrics extends StepMetrics {
  /** Absent in epochs without a test. */
  readonly testLoss?: number;
  readonly testAccuracy?: number;
  /** Training samples per second, waiting for data included, testing excluded. */
  readonly examplesPerSecond: number;
  /** Share of the training time spent waiting for data, 0 … 1. */
  readonly waitShare: number;
  /** Seconds spent training, without tests. */
  readonly seconds: number;
}

/** A row of `metrics.jsonl`. */
export type MetricsRow =
  | ({ readonly kind: 'step' } & StepMetrics)
  | ({ readonly kind: 'epoch' } & EpochMetrics);

/** What a progress bar shows. */
export interface StepInfo extends StepMetrics {
  /** Batches done in this epoch. */
  readonly batch: number;
  readonly examplesPerSecond: number;
  readonly waitShare: number;
  /** Estimated seconds of training left, tests excluded. */
  readonly remaining: number;
}

export interface StartInfo {
  readonly config: TrainConfig;
  /** Run folder. */
  readonly location: string;
  /** What the engine says of itself. */
  readonly engine: string;
  /** Trainable numbers in the network. */
  readonly parameters: number;
  readonly trainSamples: number;
  readonly testSamples: number;
  readonly batchesPerEpoch: number;
  /** Epochs and batches that an earlier part of the run has done. */
  readonly from: Position;
}

export interface Position {
  /** Finished epochs. */
  readonly epoch: number;
  /** Batches done in the running epoch. */
  readonly batch: number;
}

export type Divergence = 'not-finite' | 'stuck';

/** Something the user should know, in one line. */
export interface Notice {
  readonly kind: 'engine' | 'data' | 'resume' | 'divergence';
  readonly text: string;
}

/** Called while training goes on. They must not throw; nothing waits for them. */
export interface TrainHooks {
  onStart?(info: StartInfo): void;
  /** After every step. */
  onStep?(info: StepInfo): void;
  /** After every epoch and its test. */
  onEpoch?(metrics: EpochMetrics): void;
  onNotice?(notice: Notice): void;
  onEnd?(result: TrainResult): void;
  /** Aborting it ends training after the current step; the run is saved and can be resumed. */
  readonly signal?: AbortSignal;
}

export interface TrainResult {
  /** Run folder. */
  readonly location: string;
  readonly engine: string;
  /** Finished epochs. */
  readonly epochs: number;
  /** Updates done. */
  readonly steps: number;
  readonly interrupted: boolean;
  readonly diverged?: Divergence;
  /** The last finished epoch. */
  readonly last?: EpochMetrics;
  readonly best?: Best;
  /** Over the epochs of this call. */
  readonly examplesPerSecond: number;
  /** Seconds of training in this call, tests excluded. */
  readonly seconds: number;
}

export interface Best {
  readonly epoch: number;
  readonly testAccuracy: number;
}

/** Running sums of an epoch. */
export interface Sums {
  /** Samples. */
  readonly count: number;
  /** Sum of their losses. */
  readonly loss: number;
  /** How many were classified rightly. */
  readonly correct: number;
}

/** What preprocessing turned an image file into a network's input: needed wherever it is used. */
export interface Preprocessing {
  /** [c, h, w]; pixels are scaled to 0 … 1. */
  readonly shape: ImageShape;
  /** Applied after scaling. */
  readonly normalization?: Normalization;
  /** How images of another size become of this one; stretched, where nothing is said. */
  readonly fit?: Fit;
}

/** Everything beside the arrays that a run needs to go on, or a network to be used. Plain JSON. */
export interface CheckpointInfo {
  readonly format: 'fovea checkpoint';
  readonly version: 1;
  readonly config: TrainConfig;
  readonly classes: readonly string[];
  readonly preprocessing: Preprocessing;
  readonly position: Position;
  /** Sums of the running epoch. */
  readonly sums: Sums;
  /** Updates done. */
  readonly step: number;
  /** Batches since the last update: their gradients are added up and wait for the next. */
  readonly pending: number;
  readonly metrics: readonly MetricsRow[];
  readonly best?: Best;
}

export interface Checkpoint {
  readonly info: CheckpointInfo;
  /** Parameters, running statistics, optimiser slots, averages, counters. */
  readonly arrays: ArrayMap;
}

export type CheckpointName = 'best' | 'last';

/** Where a run is kept: a folder in Node, whatever a browser has there. */
export interface RunStore {
  /** For people: the folder's path. */
  readonly location: string;
  /** Training starts, or goes on: from now on the metrics hold these rows and no others. */
  begin(config: TrainConfig, rows: readonly MetricsRow[]): Promise<void>;
  /** Replaces the checkpoint of that name as a whole, or not at all. */
  save(name: CheckpointName, checkpoint: Checkpoint): Promise<void>;
  /** Adds a row to the metrics. */
  record(row: MetricsRow): Promise<void>;
  /** Draws the curves so far, unless it has done so lately. */
  draw(rows: readonly MetricsRow[]): Promise<void>;
  /** Adds a line to the log. */
  log(line: string): Promise<void>;
  /** Keeps a picture of the first batch, where there is a place for it. */
  showBatch?(batch: BatchPicture): Promise<void>;
  /** Training has ended for now, with these metrics from its beginning on. */
  finish(rows: readonly MetricsRow[]): Promise<void>;
}
