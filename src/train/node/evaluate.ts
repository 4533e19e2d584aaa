import { datasetEntry, resizedDataset, type Split } from '../../data/index.ts';
import { type DownloadProgress, loadDataset } from '../../data/node.ts';
import { type Evaluation, evaluateDataset } from '../evaluation.ts';
import { checkFits, openInference } from '../inference.ts';
import type { CheckpointName, Notice } from '../types.ts';
import { selectEngine } from './engines.ts';
import { loadCheckpoint } from './run-folder.ts';

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
  readonly split?: Split | undefined;
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
  const { config, preprocessing } = checkpoint.info;
  const name = options.data ?? config.data;
  const dataDir = options.dataDir ?? (name === config.data ? config.dataDir : undefined);
  checkFits(checkpoint, datasetEntry(name));
  const original = await loadDataset(name, split, {
    ...(dataDir === undefined ? {} : { dataDir }),
    ...(onDownload ? { onProgress: onDownload } : {}),
    onNotice: (text) => onNotice?.({ kind: 'data', text }),
  });
  const { size } = config;
  const dataset = size === undefined ? original : resizedDataset(original, size);
  const batch = Math.min(options.batch ?? config.batch, dataset.length);
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
    await engine[Symbol.asyncDispose]();
  }
}
