import { UsageError } from '../graph/index.ts';
import { model } from '../models/index.ts';
import { augmentationSteps } from '../train/augmentation.ts';
import type { MetricsRow } from '../train/types.ts';
import { count, real } from './options.ts';
import { curves } from './pictures.ts';
import { dataOptions, engineOptions, type StudyRow, study } from './study.ts';
import { type ShortResult, trainShortly } from './training.ts';
import { percent } from './words.ts';

const DEFAULT_POLICY = 'padCrop(padding=2), flip';
const cases = ['without', 'with'] as const;

interface Outcome extends ShortResult {
  readonly augmentation: (typeof cases)[number];
}

const gap = ({ trainAccuracy, testAccuracy }: ShortResult): number => trainAccuracy - testAccuracy;

export const augmentation = study({
  name: 'augmentation',
  summary:
    'the gap between training and test accuracy on few images, without and with augmentation',
  takes: [...dataOptions, 'augment', ...engineOptions],
  options: {
    epochs: count('passes over the training images', 30, { quick: 8 }),
    batch: count('images per step', 50, { quick: 20 }),
    lr: real('learning rate, at first', 0.05),
    trainSize: count('training images', 1000, { quick: 200 }),
    testSize: count('test images', 1000, { quick: 200 }),
  },
  async run({ epochs, batch, lr, trainSize, testSize }, { config, progress, note, ...context }) {
    const { seed, augment = DEFAULT_POLICY } = config;
    if (augmentationSteps({ augment, shift: 0, flip: 0 }).length === 0) {
      throw new UsageError('--augment must name at least one step, such as flip');
    }
    const { train, test } = await context.data(trainSize, testSize);
    const engine = await context.engine();
    const [channels, size] = train.shape;
    const outcomes: Outcome[] = [];
    for (const [i, name] of cases.entries()) {
      const classes = train.classes.length;
      const result = await trainShortly({
        ...{ train, test, engine },
        network: {
          model: model('lenet-modern', { classes, channels, size, dropout: 0 }),
          initial: {},
        },
        options: {
          ...{ epochs, batch, lr, seed, momentum: 0.9, schedule: 'cosine' },
          augment: name === 'with' ? augment : 'none',
          evalEvery: Math.max(1, Math.floor(epochs / 10)),
        },
        onStep: (epoch, loss) =>
          progress(i + epoch / epochs, cases.length, [
            `${name} augmentation`,
            `loss ${loss.toFixed(3)}`,
          ]),
      });
      outcomes.push({ augmentation: name, ...result });
      note(`${name} augmentation: test accuracy ${percent(result.testAccuracy)}`);
    }
    const series = outcomes.flatMap(accuracyCurves);
    return {
      columns: [
        { key: 'augmentation', title: 'augmentation' },
        { key: 'trainAccuracy', title: 'training accuracy', format: 'share' },
        { key: 'testAccuracy', title: 'test accuracy', format: 'share' },
        { key: 'gap', title: 'gap', format: 'share' },
        { key: 'testLoss', title: 'test loss', format: 'decimal' },
      ],
      rows: outcomes.map((outcome) => {
        const { augmentation, trainLoss, trainAccuracy, testLoss, testAccuracy } = outcome;
        return {
          ...{ augmentation, trainLoss, trainAccuracy, testLoss, testAccuracy },
          gap: gap(outcome),
        };
      }),
      series,
      picture: curves(series, {
        x: { field: 'epoch', title: 'epoch', whole: true },
        y: { field: 'accuracy', title: 'accuracy' },
        color: { field: 'split', title: null, order: ['training', 'test'] },
        column: {
          field: 'augmentation',
          order: cases.map((name) => `${name} augmentation`),
        },
      }),
      findings: findings(outcomes, train.length),
    };
  },
});

/** One point an epoch, so far as there is something to show. */
const accuracyCurves = ({ augmentation, rows }: Outcome): StudyRow[] =>
  rows
    .filter((row): row is MetricsRow & { readonly kind: 'epoch' } => row.kind === 'epoch')
    .flatMap(({ epoch, trainAccuracy, testAccuracy }) => {
      const point = { augmentation: `${augmentation} augmentation`, epoch };
      return [
        { ...point, split: 'training', accuracy: trainAccuracy },
        ...(testAccuracy === undefined
          ? []
          : [{ ...point, split: 'test', accuracy: testAccuracy }]),
      ];
    });

/** Differences below a point are left to chance. */
const NOTICEABLE = 0.01;

export function findings(outcomes: readonly Outcome[], images: number): string[] {
  const [without, augmented] = outcomes as [Outcome, Outcome];
  const gain = augmented.testAccuracy - without.testAccuracy;
  const closed = gap(without) - gap(augmented);
  const points = (share: number) => `${(100 * Math.abs(share)).toFixed(1)} points`;
  const above = (outcome: Outcome) =>
    `${points(gap(outcome))} ${gap(outcome) < 0 ? 'below' : 'above'}`;
  return [
    `On ${images} images training accuracy is ${above(without)} test accuracy without augmentation, and ${above(augmented)} it with augmentation: ${
      closed > NOTICEABLE
        ? 'the gap becomes smaller'
        : closed < -NOTICEABLE
          ? 'the gap becomes larger'
          : 'the gap stays as it is'
    }. Training accuracy is that on the images as they are trained with, augmented ones too.`,
    gain > NOTICEABLE
      ? `Test accuracy gains ${points(gain)}, from ${percent(without.testAccuracy)} to ${percent(augmented.testAccuracy)}.`
      : gain < -NOTICEABLE
        ? `Test accuracy loses ${points(gain)}: ${percent(augmented.testAccuracy)} instead of ${percent(without.testAccuracy)}; this augmentation does not suit these images, or needs more epochs.`
        : `Test accuracy hardly changes: ${percent(without.testAccuracy)} without, ${percent(augmented.testAccuracy)} with.`,
  ];
}
