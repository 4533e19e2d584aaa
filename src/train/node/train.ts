import type { ImageShape } from '../../data/index.ts';
import { filePool, type OpenedData, openData } from '../../data/node.ts';
import { UsageError } from '../../graph/errors.ts';
import { augmentationSteps, PHOTO_POLICY } from '../augmentation.ts';
import { resolveConfig, type TrainConfig, type TrainOptions } from '../config.ts';
import { buildNetwork } from '../network.ts';
import { cacheBytes } from '../recipe.ts';
import { trainNetwork } from '../trainer.ts';
import type { Checkpoint, Notice, TrainHooks, TrainResult } from '../types.ts';
import { holdsOut, inputShape, splitSamples, trainingData } from './data.ts';
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
  return trainIn({ open, config, hooks, batchIsGiven: options.batch !== undefined });
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
  return trainIn({
    ...{ config, hooks, batchIsGiven: true },
    open: async () => store,
    from: { checkpoint, source: folder },
  });
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
  for (const name of ['batch', 'seed', 'data', 'subset', 'size', 'sampler'] as const) {
    if (config[name] !== info.config[name]) {
      throw new UsageError(
        `${folder} stopped in the middle of an epoch, where ${name} cannot change (it was ${info.config[name] ?? 'not given'}); leave it out`,
      );
    }
  }
}

interface Plan {
  open(): Promise<RunFolder>;
  readonly config: TrainConfig;
  readonly hooks: TrainHooks;
  /** Otherwise it depends on the data. */
  readonly batchIsGiven: boolean;
  readonly from?: { readonly checkpoint: Checkpoint; readonly source: string };
}

async function trainIn({ open, hooks, from, ...plan }: Plan): Promise<TrainResult> {
  const { config: asked } = plan;
  const notices: Notice[] = [];
  const notify = (kind: Notice['kind'], text: string) => {
    notices.push({ kind, text });
    hooks.onNotice?.({ kind, text });
  };
  // What can be wrong without any data.
  augmentationSteps(asked);
  const cache = cacheBytes(asked);
  const data = await openData(asked.data, {
    ...(asked.dataDir === undefined ? {} : { dataDir: asked.dataDir }),
    onNotice: (text) => notify('data', text),
  });
  const photos = data.shape === undefined && from === undefined;
  const config = photos ? withPhotoDefaults(asked, plan.batchIsGiven) : asked;
  if (photos && config.augment !== asked.augment) {
    notify(
      'data',
      `training images are cropped and mirrored at random (${PHOTO_POLICY}); --augment none leaves them as they are`,
    );
  }
  if (from) checkHeldOut(data, config, from.checkpoint, from.source);
  const shape = inputShape(data, config);
  if (from) checkNetwork(config, data.classes.length, shape, from.checkpoint, from.source);
  const network = buildNetwork(config, data.classes.length, shape);

  const starting = selectEngine(config.engine, config);
  const pool = filePool({ workers: config.workers, cacheBytes: cache });
  try {
    const [{ engine, reason }, samples] = await Promise.all([
      starting,
      splitSamples(data, config, (text) => notify('data', text)),
    ]);
    const prepared = await trainingData(data, samples, config, pool);
    const store = await open();
    notify('engine', reason);
    if (from && from.checkpoint.info.position.epoch >= config.epochs) {
      notify('resume', `all ${config.epochs} epochs are done; --epochs +5 adds five`);
    }
    try {
      return await trainNetwork({
        // What 'auto' took is part of the run: a resumed one must compute in the same way.
        config: { ...config, engine: engine.name, out: store.location },
        ...prepared,
        network,
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
    await pool[Symbol.asyncDispose]();
    await starting.then(
      ({ engine }) => engine[Symbol.asyncDispose](),
      () => {},
    );
  }
}

/** Samples per step of photographs. */
const PHOTO_BATCH = 32;

/** What was left open, and is another for photographs. */
function withPhotoDefaults(config: TrainConfig, batchIsGiven: boolean): TrainConfig {
  const said = config.augment !== undefined || config.flip > 0 || config.shift > 0;
  return {
    ...config,
    ...(batchIsGiven ? {} : { batch: PHOTO_BATCH }),
    ...(said ? {} : { augment: PHOTO_POLICY }),
  };
}

/** What goes on is the same network. Its options may change if they leave its weights as they are. */
function checkNetwork(
  config: TrainConfig,
  classes: number,
  shape: ImageShape,
  { info }: Checkpoint,
  folder: string,
): void {
  if (config.model !== info.config.model) {
    throw new UsageError(
      `${folder} trains ${info.config.model}, and cannot go on as ${config.model}; leave model out, or begin another run`,
    );
  }
  const known = { classes: info.classes.length, channels: info.preprocessing.shape[0] };
  const [channels] = shape;
  if (classes !== known.classes || channels !== known.channels) {
    throw new UsageError(
      `${folder} tells ${known.classes} classes apart in images of ${known.channels} channel${known.channels === 1 ? '' : 's'}, and ${config.data} has ${classes} in images of ${channels}; go on with data of the same kind, or begin another run`,
    );
  }
}

/** Images that were held out for testing must not train a run that goes on. */
function checkHeldOut(
  data: OpenedData,
  config: TrainConfig,
  { info }: Checkpoint,
  folder: string,
): void {
  if (!holdsOut(data, config) && !holdsOut(data, info.config)) return;
  for (const name of ['data', 'valFraction', 'folds', 'fold', 'seed'] as const) {
    if (config[name] !== info.config[name]) {
      throw new UsageError(
        `${folder} holds out some of its images for testing, and they would be others with another ${name} (it was ${info.config[name] ?? 'not given'}); leave it out`,
      );
    }
  }
}
