import type { EpochMetrics, StartInfo, StepInfo, TrainHooks } from '../train/types.ts';
import { clock, decimal, grouped, percent } from './format.ts';
import { fittingFields } from './live-line.ts';
import type { Output } from './output.ts';

/** Shows a training run: what it works with, a live bar, a line for each epoch. */
export function trainingHooks(output: Output): TrainHooks {
  let start: StartInfo | undefined;
  return {
    onStart(info) {
      start = info;
      for (const line of header(info)) output.detail(line);
      output.live.busy('first step');
    },
    onNotice({ kind, text }) {
      if (kind === 'engine') output.detail(`engine   ${text}`);
      else if (kind === 'resume') output.detail(text);
      else
        output.warn(`${kind === 'divergence' ? output.style('yellow', 'warning: ') : ''}${text}`);
    },
    onStep(info) {
      if (!output.isLive || start === undefined) return;
      const { config, batchesPerEpoch } = start;
      if (info.batch === batchesPerEpoch) {
        const tested = Math.ceil(info.epoch) % config.evalEvery === 0;
        output.live.busy(`epoch ${Math.ceil(info.epoch)}: ${tested ? 'testing' : 'saving'}`);
      } else {
        output.live.progress(info.batch, batchesPerEpoch, stepFields(info, start));
      }
    },
    onEpoch(metrics) {
      output.detail(epochLine(metrics, start?.config.epochs ?? metrics.epoch, output));
    },
  };
}

const header = ({ config, parameters, trainSamples, testSamples, from, location }: StartInfo) => [
  `model    ${config.model}, ${grouped(parameters)} parameters`,
  `data     ${config.data}, ${grouped(trainSamples)} images to train on, ${grouped(testSamples)} to test`,
  `run      ${location}${from.epoch + from.batch > 0 ? `, going on after epoch ${from.epoch}${from.batch > 0 ? `, step ${from.batch}` : ''}` : ''}`,
];

/** The most important first: narrow terminals leave out the last ones. */
const stepFields = (info: StepInfo, { config, batchesPerEpoch }: StartInfo): string[] => [
  `epoch ${Math.min(config.epochs, Math.floor(info.epoch) + 1)}/${config.epochs}`,
  `step ${info.batch}/${batchesPerEpoch}`,
  `loss ${decimal(info.trainLoss)}`,
  `accuracy ${percent(info.trainAccuracy, 1)}`,
  `${clock(info.remaining)} left`,
  `${grouped(info.examplesPerSecond)} images/s`,
  `waiting for data ${percent(info.waitShare, 0)}`,
];

function epochLine(metrics: EpochMetrics, epochs: number, output: Output): string {
  const { epoch, testAccuracy, testLoss } = metrics;
  const tested =
    testAccuracy === undefined || testLoss === undefined
      ? []
      : [`test accuracy ${percent(testAccuracy)}`, `loss ${decimal(testLoss)}`];
  const fields = [
    `epoch ${String(epoch).padStart(String(epochs).length)}/${epochs}`,
    ...tested,
    `training accuracy ${percent(metrics.trainAccuracy)}`,
    `loss ${decimal(metrics.trainLoss)}`,
    clock(metrics.seconds),
    `${grouped(metrics.examplesPerSecond)} images/s`,
    `waiting for data ${percent(metrics.waitShare, 0)}`,
  ];
  return fittingFields(fields, output.width).join('  ');
}
