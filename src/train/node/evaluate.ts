import {
  type DownloadProgress,
  filePool,
  type OpenedData,
  openData,
  type Samples,
} from '../../data/node.ts';
import type { TrainConfig } from '../config.ts';
import { type Evaluation, evaluateDataset } from '../evaluation.ts';
import { checkFits, openInference } from '../inference.ts';
import type { CheckpointName, Notice } from '../types.ts';
import { splitSamples, testData } from './data.ts';
import { selectEngine } from './engines.ts';
import { loadCheckpoint } from './run-folder.ts';

/** 'val' is what training tests on. Where data have no images for testing of their own, so is 'test'. */
export type EvaluationSplit = 'train' | 'val' | 'test';

export interface EvaluateOptions {
  /** Run folder, or a `.safetensors` file of one. */
  readonly run: string;
  /** Default 'best', for a run folder. */
  readonly checkpoint?: CheckpointName | undefined;
  /** Dataset by name; the run's own by default. */
  readonly data?: string | undefined;
  /** Folder to look for the dataset in first; that of the run by default, for its own dataset. */
  readonly dataDir?: string | undefined;
  /** Default 'test'. */
  readonly split?: EvaluationSplit | undefined;
  /** Default 'auto'. */
  readonly engine?: string | undefined;
  readonly threads?: number | undefined;
  /** Default: the run's own. */
  readonly batch?: number | undefined;
  onNotice?(notice: Notice): void;
  /** Told how far the download is, when the dataset is not on this disk. */
  onDownload?(progress: DownloadProgress): void;
  /** Samples done, of how many. */
  onProgress?(done: number, total: number): void;
}

/**
 * Tests the network of a run on a whole dataset.
 *
 * @throws UsageError when run or data are not there, or do not fit each other
 * @throws FormatError when one of them is damaged
 */
export async function evaluate(options: EvaluateOptions): Promise<Evaluation> {
  const { run, split = 'test', onNotice, onDownload } = options;
  const checkpoint = await loadCheckpoint(run, options.checkpoint ?? 'best');
  const { config, preprocessing, classes } = checkpoint.info;
  const name = options.data ?? config.data;
  const own = name === config.data;
  const dataDir = options.dataDir ?? (own ? config.dataDir : undefined);
  const data = await openData(name, {
    ...(dataDir === undefined ? {} : { dataDir }),
    ...(onDownload ? { onProgress: onDownload } : {}),
    onNotice: (text) => onNotice?.({ kind: 'data', text }),
    classes,
  });
  checkFits(checkpoint, { ...data, shape: data.shape ?? preprocessing.shape });
  const samples = await samplesToTest(data, split, own ? config : undefined);
  const batch = Math.min(options.batch ?? config.batch, samples.length);
  const pool = filePool({ workers: config.workers });
  const dataset = testData(samples, preprocessing, pool);
  const { engine, reason } = await selectEngine(options.engine ?? 'auto', options);
  try {
    onNotice?.({ kind: 'engine', text: reason });
    const inference = await openInference(checkpoint, run, engine, batch);
    try {
      return await evaluateDataset({
        executable: inference.executable,
        batch,
        dataset,
        normalization: preprocessing.normalization,
        onProgress: options.onProgress,
      });
    } finally {
      await inference[Symbol.asyncDispose]();
    }
  } finally {
    await pool[Symbol.asyncDispose]();
    await engine[Symbol.asyncDispose]();
  }
}

/**
 * The samples of a split. Of the run's own data these are what it was trained and tested with; a
 * folder for testing that it has beside those for validation is what 'test' means. Other data that are
 * not divided are taken as a whole.
 */
async function samplesToTest(
  data: OpenedData,
  split: EvaluationSplit,
  config: TrainConfig | undefined,
): Promise<Samples> {
  const { parts } = data;
  if (split === 'test' && parts.includes('test')) return data.load('test');
  if (config) {
    const { train, test } = await splitSamples(data, config);
    return split === 'train' ? train : test;
  }
  if (split === 'train') return data.load('train');
  return data.load(parts.find((part) => part !== 'train') ?? 'train');
}
