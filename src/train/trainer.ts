import {
  type Batch,
  type ImageDataset,
  type Loader,
  loader,
  type PreparedDataset,
} from '../data/index.ts';
import type { Engine } from '../engines/engine.ts';
import { schedule } from '../optim/index.ts';
import { imageAugmentation } from './augmentation.ts';
import { batchPicture } from './batch-picture.ts';
import type { TrainConfig } from './config.ts';
import { type DivergenceWatch, divergenceAdvice, divergenceWatch } from './divergence.ts';
import { clock, type Meter, meter, rate, waitShare } from './meter.ts';
import type { Network } from './network.ts';
import { classWeights, samplerOf, scheduleConfig } from './recipe.ts';
import { openSession, type Session } from './session.ts';
import type {
  Best,
  Checkpoint,
  Divergence,
  EpochMetrics,
  MetricsRow,
  Notice,
  Position,
  Preprocessing,
  RunStore,
  StepMetrics,
  Sums,
  TrainHooks,
  TrainResult,
} from './types.ts';

export interface TrainNetworkOptions {
  readonly config: TrainConfig;
  /** Images that are prepared already come with their augmentation; others get that of `config`. */
  readonly train: ImageDataset | PreparedDataset;
  readonly test: ImageDataset | PreparedDataset;
  readonly network: Network;
  readonly preprocessing: Preprocessing;
  readonly engine: Engine;
  readonly store: RunStore;
  /** Where to go on, and what to call it in messages. */
  readonly from?: { readonly checkpoint: Checkpoint; readonly source: string } | undefined;
  /** For the log: what the user has been told already. */
  readonly notices?: readonly Notice[];
  readonly hooks?: TrainHooks | undefined;
}

/**
 * Trains a network, tests it after epochs, and keeps checkpoints and metrics in a store. Needs
 * nothing from Node: engine, data and store come from the caller.
 *
 * @throws whatever engine, data or store throw; checkpoints that were saved before stay
 */
export async function trainNetwork(options: TrainNetworkOptions): Promise<TrainResult> {
  const { config, train, network, preprocessing, engine, from } = options;
  const session = await openSession({
    config,
    network,
    preprocessing,
    samples: train.length,
    classes: train.classes.length,
    classWeights: classWeights(config, train),
    mixed: imageAugmentation(config, train.shape).mix.length > 0,
    engine,
    from: from && { arrays: from.checkpoint.arrays, source: from.source },
  });
  try {
    return await trainAll(openRun(options, session));
  } finally {
    await session[Symbol.asyncDispose]();
  }
}

/** Rows of metrics per epoch, as many as the book's curves have points. */
const ROWS_PER_EPOCH = 5;
const nothing: Sums = { count: 0, loss: 0, correct: 0 };

/** A run in progress. What it remembers between epochs is what its checkpoints hold. */
interface Run {
  readonly options: TrainNetworkOptions;
  readonly hooks: TrainHooks;
  readonly session: Session;
  readonly data: Loader;
  /** Learning rate of an update, from 0. */
  readonly lr: (update: number) => number;
  readonly watch: DivergenceWatch;
  /** Of this call. */
  readonly cost: Meter;
  readonly rows: MetricsRow[];
  /** Updates done. */
  step: number;
  /** Batches whose gradients wait for an update. */
  pending: number;
  best: Best | undefined;
  diverged: Divergence | undefined;
  /** The picture of the first batch is on its way. */
  drawing: Promise<void> | undefined;
}

function openRun(options: TrainNetworkOptions, session: Session): Run {
  const { config, train, preprocessing, from, hooks = {} } = options;
  const { transform, mix } = imageAugmentation(config, train.shape);
  const isPrepared = 'fill' in train;
  const data = loader(train, {
    batchSize: Math.min(config.batch, train.length),
    shuffle: true,
    sampler: samplerOf(config, train),
    seed: config.seed,
    transform: isPrepared ? undefined : transform,
    mix,
    normalize: preprocessing.normalization,
    // Other threads prepare a batch: they should have the next one waiting when they are done.
    prefetch: isPrepared ? 2 : 1,
  });
  const factor = schedule(scheduleConfig(config, data.batches / config.accumulate));
  const watch = divergenceWatch(train.classes.length, train.length, config.stuckEpochs);
  const info = from?.checkpoint.info;
  const rows = [...(info?.metrics ?? [])];
  for (const row of rows) if (row.kind === 'epoch') watch.epoch(row, data.batches);
  return {
    options,
    hooks,
    session,
    data,
    lr: (update) => config.lr * factor(update),
    watch,
    cost: meter(),
    rows,
    step: info?.step ?? 0,
    pending: info?.pending ?? 0,
    best: info?.best,
    diverged: undefined,
    drawing: undefined,
  };
}

async function trainAll(run: Run): Promise<TrainResult> {
  const { hooks, data, session } = run;
  const { config, train, test, engine, store, from, notices = [] } = run.options;
  const info = from?.checkpoint.info;
  const start: Position = info?.position ?? { epoch: 0, batch: 0 };
  await store.begin(config, run.rows);
  for (const { text } of notices) await store.log(text);
  hooks.onStart?.({
    config,
    location: store.location,
    engine: engine.description,
    parameters: session.parameters,
    trainSamples: train.length,
    testSamples: test.length,
    batchesPerEpoch: data.batches,
    from: start,
  });
  // So that there is something to go on with, whenever the process is killed.
  if (info === undefined) await store.save('last', await checkpointOf(run, start, nothing));

  let { batch } = start;
  let sums = info?.sums ?? nothing;
  for (let { epoch } = start; epoch < config.epochs; epoch++) {
    if (hooks.signal?.aborted) return finish(run, true);
    const { stopped, metrics, cost } = await trainEpoch(run, epoch, batch, sums);
    if (stopped !== undefined) return finish(run, stopped === 'interrupted');
    await closeEpoch(run, epoch + 1, metrics, cost);
    if (run.diverged !== undefined && config.stopOnDivergence) break;
    [batch, sums] = [0, nothing];
  }
  return finish(run, false);
}

/**
 * Trains an epoch from batch `first` on, of which `before` are the sums so far. `stopped` tells why
 * it ended early: the user wished so, or training has diverged.
 */
async function trainEpoch(run: Run, epoch: number, first: number, before: Sums) {
  const { hooks, session, data } = run;
  const { config, store } = run.options;
  const rowEvery = Math.max(1, Math.floor(data.batches / ROWS_PER_EPOCH));
  const cost = meter();
  let sums = before;
  const measure = (done: number): StepMetrics => ({
    epoch: epoch + done / data.batches,
    step: run.step,
    trainLoss: sums.count > 0 ? sums.loss / sums.count : 0,
    trainAccuracy: sums.count > 0 ? sums.correct / sums.count : 0,
    lr: run.lr(Math.max(0, run.step - 1)),
  });
  let metrics = measure(first);
  let stopped: 'interrupted' | 'diverged' | undefined;
  let asked = clock();

  for await (const batch of data.epoch(epoch, first)) {
    const got = clock();
    if (epoch === 0 && batch.index === 0) run.drawing = drawFirst(run, batch);
    // More may wait than are needed: a run may go on with fewer batches an update.
    const updates = run.pending + 1 >= config.accumulate;
    const { loss, correct } = await session.train(batch, updates ? run.lr(run.step) : undefined);
    run.step += Number(updates);
    run.pending = updates ? 0 : run.pending + 1;
    sums = {
      count: sums.count + batch.count,
      loss: sums.loss + loss * batch.count,
      correct: sums.correct + correct,
    };
    const ended = clock();
    for (const costs of [cost, run.cost]) {
      costs.samples += batch.count;
      costs.seconds += ended - asked;
      costs.waiting += got - asked;
    }
    asked = ended;

    const done = batch.index + 1;
    metrics = measure(done);
    hooks.onStep?.({
      ...metrics,
      batch: done,
      examplesPerSecond: rate(cost),
      waitShare: waitShare(cost),
      remaining: ((config.epochs - epoch) * data.samples - sums.count) / rate(run.cost),
    });
    if (run.watch.step(loss)) {
      await diverge(run, 'not-finite');
      if (config.stopOnDivergence) stopped = 'diverged';
    }
    if (done % rowEvery === 0 && done < data.batches) {
      run.rows.push({ kind: 'step', ...metrics });
      await store.record({ kind: 'step', ...metrics });
      await store.draw(run.rows);
    }
    if (stopped === undefined && hooks.signal?.aborted) {
      await store.save('last', await checkpointOf(run, { epoch, batch: done }, sums));
      stopped = 'interrupted';
    }
    if (stopped !== undefined) break;
  }
  return { stopped, metrics, cost };
}

/** Tests what has been trained, and saves it. `epoch` counts the finished ones. */
async function closeEpoch(run: Run, epoch: number, metrics: StepMetrics, cost: Meter) {
  const { config, test, store } = run.options;
  const tested = epoch % config.evalEvery === 0 || epoch === config.epochs;
  const result = tested ? await run.session.evaluate(test) : undefined;
  const row: EpochMetrics = {
    ...metrics,
    epoch,
    ...(result ? { testLoss: result.loss, testAccuracy: result.accuracy } : {}),
    examplesPerSecond: rate(cost),
    waitShare: waitShare(cost),
    seconds: cost.seconds,
  };
  run.rows.push({ kind: 'epoch', ...row });
  const improved = result !== undefined && result.accuracy > (run.best?.testAccuracy ?? -1);
  if (improved) run.best = { epoch, testAccuracy: result.accuracy };
  const checkpoint = await checkpointOf(run, { epoch, batch: 0 }, nothing);
  // In this order, so that `last` never speaks of a best that is not there.
  if (improved) await store.save('best', checkpoint);
  await store.save('last', checkpoint);
  await store.record({ kind: 'epoch', ...row });
  await store.draw(run.rows);
  await store.log(describe(row));
  run.hooks.onEpoch?.(row);
  if (run.watch.epoch(row, run.data.batches)) await diverge(run, 'stuck');
  // A plateau may end after all.
  else if (run.diverged === 'stuck') run.diverged = undefined;
}

async function checkpointOf(run: Run, position: Position, sums: Sums): Promise<Checkpoint> {
  const { config, train, preprocessing } = run.options;
  const { step, pending, rows, best } = run;
  return {
    info: {
      format: 'fovea checkpoint',
      version: 1,
      config,
      classes: train.classes,
      preprocessing,
      position,
      sums,
      step,
      pending,
      metrics: [...rows],
      ...(best ? { best } : {}),
    },
    arrays: await run.session.read(),
  };
}

/**
 * Draws the first batch beside training, which does not wait for it and goes on without it. What the
 * batch holds is read before this returns.
 */
async function drawFirst({ options, hooks }: Run, batch: Batch): Promise<void> {
  const { train, preprocessing, store } = options;
  if (!store.showBatch) return;
  try {
    await store.showBatch(batchPicture(batch, train.classes, preprocessing.normalization));
  } catch (error) {
    const text = `the picture of the first batch is missing: ${(error as Error).message}`;
    hooks.onNotice?.({ kind: 'data', text });
    await store.log(text).catch(() => {});
  }
}

/** Says so, the first time. */
async function diverge(run: Run, kind: Divergence): Promise<void> {
  if (run.diverged !== undefined) return;
  run.diverged = kind;
  const { config, train, store } = run.options;
  const text = divergenceAdvice(kind, config.lr, train.classes.length);
  run.hooks.onNotice?.({ kind: 'divergence', text });
  await store.log(text);
}

async function finish(run: Run, interrupted: boolean): Promise<TrainResult> {
  const { store, engine } = run.options;
  const { rows, step, best, diverged, cost, hooks } = run;
  const last = rows.findLast((row) => row.kind === 'epoch');
  const epochs = last?.epoch ?? 0;
  const result: TrainResult = {
    location: store.location,
    engine: engine.name,
    epochs,
    steps: step,
    interrupted,
    ...(diverged ? { diverged } : {}),
    ...(last ? { last: withoutKind(last) } : {}),
    ...(best ? { best } : {}),
    examplesPerSecond: rate(cost),
    seconds: cost.seconds,
  };
  await run.drawing;
  await store.finish(rows);
  const word = interrupted ? 'interrupted' : diverged ? `ended (${diverged})` : 'finished';
  await store.log(`${word} after ${epochs} epochs, ${step} updates`);
  hooks.onEnd?.(result);
  return result;
}

const withoutKind = ({ kind: _, ...row }: { readonly kind: 'epoch' } & EpochMetrics) => row;

function describe({ epoch, trainLoss, trainAccuracy, testAccuracy, ...row }: EpochMetrics): string {
  const test = testAccuracy === undefined ? '' : `, test accuracy ${testAccuracy.toFixed(4)}`;
  return `epoch ${epoch}: train loss ${trainLoss.toFixed(4)}, train accuracy ${trainAccuracy.toFixed(4)}${test}, ${row.examplesPerSecond.toFixed(0)} examples/s`;
}
