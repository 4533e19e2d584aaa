import { type LenetVariant, lenet } from '../models/index.ts';
import { xavierUniform } from '../nn/index.ts';
import { count, reals } from './options.ts';
import { curves } from './pictures.ts';
import { dataOptions, engineOptions, study } from './study.ts';
import { type ShortResult, trainShortly } from './training.ts';
import { percent, power } from './words.ts';

const withoutNorm: LenetVariant = {
  kernel: 5,
  padding: [2, 0],
  channels: [6, 16],
  hidden: [120, 84],
  pool: 'average',
  batchNorm: false,
  bias: true,
};

const nets: readonly (readonly [name: string, variant: LenetVariant])[] = [
  ['LeNet', withoutNorm],
  ['LeNet, batch norm', { ...withoutNorm, batchNorm: true }],
];

interface Outcome extends ShortResult {
  readonly net: string;
  readonly lr: number;
}

export const batchnorm = study({
  name: 'batchnorm',
  summary:
    'the largest learning rate at which LeNet (with ReLU) learns, with and without batch norm',
  takes: [...dataOptions, ...engineOptions],
  options: {
    rates: reals('learning rates', [0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30], {
      quick: [0.1, 1, 10],
    }),
    epochs: count('passes over the training images', 4),
    batch: count('images per step', 64, { quick: 32 }),
    trainSize: count('training images', 6400, { quick: 1280 }),
    testSize: count('test images', 1000, { quick: 200 }),
  },
  async run({ rates, epochs, batch, trainSize, testSize }, context) {
    const { progress, note } = context;
    const { seed } = context.config;
    const { train, test } = await context.data(trainSize, testSize);
    const engine = await context.engine();
    const [channels, size] = train.shape;
    const classes = train.classes.length;
    const sorted = [...new Set(rates)].sort((a, b) => a - b);
    const runs = nets.flatMap(([net, variant]) => sorted.map((lr) => ({ net, variant, lr })));
    const outcomes: Outcome[] = [];
    for (const [i, { net, variant, lr }] of runs.entries()) {
      const model = lenet(variant, { classes, channels, size, activation: 'relu' });
      const result = await trainShortly({
        ...{ train, test, engine },
        network: { model, initial: { scheme: xavierUniform() } },
        options: { epochs, batch, lr, seed },
        onStep: (epoch, loss) =>
          progress(i + epoch / epochs, runs.length, [
            `${net}, rate ${lr}`,
            `loss ${loss.toFixed(3)}`,
          ]),
      });
      outcomes.push({ ...result, net, lr });
      note(`${net}, rate ${lr}: test accuracy ${percent(result.testAccuracy)}`);
    }
    const bar = learning(outcomes, 1 / classes);
    const rows = outcomes.map(({ net, lr, trainLoss, trainAccuracy, testAccuracy }) => ({
      ...{ net, lr, trainLoss, trainAccuracy, testAccuracy },
      learns: testAccuracy >= bar,
    }));
    return {
      columns: [
        { key: 'net', title: 'net' },
        { key: 'lr', title: 'learning rate', format: 'plain' },
        { key: 'trainLoss', title: 'training loss', format: 'decimal' },
        { key: 'trainAccuracy', title: 'training accuracy', format: 'share' },
        { key: 'testAccuracy', title: 'test accuracy', format: 'share' },
        { key: 'learns', title: 'learns' },
      ],
      rows,
      picture: curves(rows, {
        x: { field: 'lr', title: 'learning rate', scale: 'log', format: '~g' },
        y: { field: 'testAccuracy', title: 'test accuracy', domain: [0, 1] },
        color: { field: 'net', title: null, order: nets.map(([name]) => name) },
        point: true,
      }),
      findings: findings(rows, bar),
    };
  },
});

/** The accuracy from which on a net has learnt: half way from guessing to the best of all runs. */
const learning = (outcomes: readonly Outcome[], chance: number): number =>
  (chance + Math.max(chance, ...outcomes.map(({ testAccuracy }) => testAccuracy))) / 2;

interface Row {
  readonly net: string;
  readonly lr: number;
  readonly testAccuracy: number;
  readonly learns: boolean;
}

export function findings(rows: readonly Row[], bar: number): string[] {
  const largest = nets.map(([net]) => rows.findLast((row) => row.net === net && row.learns));
  const end = rows.at(-1)!.lr;
  const sentence = ([net]: (typeof nets)[number], i: number) => {
    const row = largest[i];
    if (row === undefined) return `${net} learns at none of these rates`;
    const last = row.lr === end ? ', the largest that was tried' : '';
    return `${net} learns up to a rate of ${row.lr}${last} (${percent(row.testAccuracy)})`;
  };
  const [without, withNorm] = largest;
  const factor = (withNorm?.lr ?? 0) / (without?.lr ?? 0);
  return [
    `${nets.map(sentence).join('; ')}. To learn is to get at least ${percent(bar)} of the test images right, half way from guessing to the best of these runs.`,
    without === undefined || withNorm === undefined
      ? 'There is no pair of rates to compare.'
      : factor > 1
        ? `Batch norm stands rates ${power(factor)} times as large.`
        : 'In this run batch norm does not stand larger rates.',
  ];
}
