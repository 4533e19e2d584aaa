import {
  datasetEntry,
  type ImageDataset,
  type Normalization,
  resizedDataset,
} from '../../data/index.ts';
import { loadDataset } from '../../data/node.ts';
import { UsageError } from '../../graph/errors.ts';
import { resolveConfig, type TrainConfig, type TrainOptions } from '../config.ts';
import { buildNetwork } from '../network.ts';
import { firstOfEachClass } from '../subset.ts';
import { trainNetwork } from '../trainer.ts';
import type { Checkpoint, Notice, TrainHooks, TrainResult } from '../types.ts';
import { selectEngine } from './engines.ts';
import {
  createNumberedFolder,
  createRunFolder,
  loadCheckpoint,
  openRunFolder,
  type RunFolder,
} from './run-folder.ts';

/**
 * Trains a network on a dataset and keeps everything in a run folder.
 *
 * @throws UsageError, FormatError or EngineError before training starts, when something does not fit
 */
export async function train(options: TrainOptions, hooks: TrainHooks = {}): Promise<TrainResult> {
  const config = resolveConfig(options);
  const { out, overwrite, model } = config;
  const open = () =>
    out === undefined ? createNumberedFolder(model) : createRunFolder(out, overwrite);
  return trainIn(open, config, hooks);
}

/** `epochs: '+5'` adds five epochs to those planned. */
export type ResumeOptions = Omit<TrainOptions, 'epochs' | 'out' | 'overwrite'> & {
  readonly epochs?: number | `+${number}` | undefined;
};

/**
 * Goes on with the run in `folder` as if it had never stopped. What `overrides` gives replaces what
 * the run was started with.
 *
 * @throws as `train`; FormatError when the overrides make another network or optimiser of it
 */
export async function resume(
  folder: string,
  overrides: ResumeOptions = {},
  hooks: TrainHooks = {},
): Promise<TrainResult> {
  const store = await openRunFolder(folder);
  const checkpoint = await loadCheckpoint(folder, 'last');
  const { info } = checkpoint;
  const epochs = addedEpochs(overrides.epochs, info.config.epochs);
  const config = resolveConfig(info.config, overrides, { epochs, out: folder });
  checkPosition(config, checkpoint, folder);
  return trainIn(async () => store, config, hooks, { checkpoint, source: folder });
}

function addedEpochs(epochs: ResumeOptions['epochs'], planned: number): number {
  if (typeof epochs !== 'string') return epochs ?? planned;
  const more = /^\+\d+$/.test(epochs) ? Number(epochs) : Number.NaN;
  if (!(more >= 1)) {
    throw new UsageError(`epochs: "+5" adds five epochs (it is ${JSON.stringify(epochs)})`);
  }
  return planned + more;
}

/** In the middle of an epoch, its order must stay what it was. */
function checkPosition(config: TrainConfig, { info }: Checkpoint, folder: string): void {
  if (info.position.batch === 0) return;
  for (const name of ['batch', 'seed', 'data', 'subset', 'size'] as const) {
    if (config[name] !== info.config[name]) {
      throw new UsageError(
        `${folder} stopped in the middle of an epoch, where ${name} cannot change (it was ${info.config[name] ?? 'not given'}); leave it out`,
      );
    }
  }
}

async function trainIn(
  open: () => Promise<RunFolder>,
  config: TrainConfig,
  hooks: TrainHooks,
  from?: { readonly checkpoint: Checkpoint; readonly source: string },
): Promise<TrainResult> {
  const notices: Notice[] = [];
  const notify = (kind: Notice['kind'], text: string) => {
    notices.push({ kind, text });
    hooks.onNotice?.({ kind, text });
  };
  const options = {
    ...(config.dataDir === undefined ? {} : { dataDir: config.dataDir }),
    onNotice: (text: string) => notify('data', text),
  };
  const entry = datasetEntry(config.data);
  const [channels] = entry.shape;
  const { size } = config;
  const shape = size === undefined ? entry.shape : ([channels, size, size] as const);
  const network = buildNetwork(config, entry.classes.length, shape);
  const normalization = normalizationOf(config, entry.normalization);

  const starting = selectEngine(config.engine, config);
  try {
    const [{ engine, reason }, all, test] = await Promise.all([
      starting,
      loadDataset(config.data, 'train', options),
      loadDataset(config.data, 'test', options),
    ]);
    const chosen = config.subset === undefined ? all : firstOfEachClass(all, config.subset);
    const sized = (dataset: ImageDataset) =>
      size === undefined ? dataset : resizedDataset(dataset, size);
    const train = sized(chosen);
    const store = await open();
    notify('engine', reason);
    if (from && from.checkpoint.info.position.epoch >= config.epochs) {
      notify('resume', `all ${config.epochs} epochs are done; --epochs +5 adds five`);
    }
    try {
      return await trainNetwork({
        // What 'auto' took is part of the run: a resumed one must compute in the same way.
        config: { ...config, engine: engine.name, out: store.location },
        train,
        test: sized(test),
        network,
        preprocessing: { shape: train.shape, ...(normalization ? { normalization } : {}) },
        engine,
        store,
        from,
        notices,
        hooks,
      });
    } catch (error) {
      await store.discard();
      throw error;
    }
  } finally {
    await starting.then(
      ({ engine }) => engine[Symbol.asyncDispose](),
      () => {},
    );
  }
}

function normalizationOf(
  { normalize, data }: TrainConfig,
  known: Normalization | undefined,
): Normalization | undefined {
  if (typeof normalize !== 'string') return normalize;
  if (normalize === 'none') return undefined;
  if (known) return known;
  throw new UsageError(
    `dataset ${data} has no published mean and deviation; give normalize as { mean, std }, or leave it out`,
  );
}
