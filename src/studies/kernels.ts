import type { ImageDataset } from '../data/index.ts';
import { type Tensor, UsageError } from '../graph/index.ts';
import {
  batchNorm,
  conv,
  globalAvgPool,
  kaimingNormal,
  layer,
  linear,
  maxPool,
  pipe,
  sequential,
  summarize,
} from '../nn/index.ts';
import { concat, relu } from '../ops/index.ts';
import { count, real } from './options.ts';
import { dots } from './pictures.ts';
import { dataOptions, engineOptions, study } from './study.ts';
import { trainShortly } from './training.ts';
import { listed, percent, short } from './words.ts';

const unit = (cin: number, cout: number, kernel: number) =>
  sequential(conv(cin, cout, kernel, { padding: kernel >> 1, bias: false }), batchNorm(cout), relu);

/** The paths of an inception block, each to `cout` channels. Before large kernels channels halve. */
const paths = {
  '1×1': (cin: number, cout: number) => unit(cin, cout, 1),
  '3×3': (cin: number, cout: number) => sequential(unit(cin, cin / 2, 1), unit(cin / 2, cout, 3)),
  '5×5': (cin: number, cout: number) => sequential(unit(cin, cin / 2, 1), unit(cin / 2, cout, 5)),
  pool: (cin: number, cout: number) =>
    sequential(maxPool(3, { stride: 1, padding: 1 }), unit(cin, cout, 1)),
};
export type Path = keyof typeof paths;

/** Which paths a net has: one, all but one, or all. */
const variants: Readonly<Record<string, readonly Path[]>> = {
  '1×1 only': ['1×1'],
  '3×3 only': ['3×3'],
  '5×5 only': ['5×5'],
  'pool only': ['pool'],
  'without 1×1': ['3×3', '5×5', 'pool'],
  'without 3×3': ['1×1', '5×5', 'pool'],
  'without 5×5': ['1×1', '3×3', 'pool'],
  'without pool': ['1×1', '3×3', '5×5'],
  all: ['1×1', '3×3', '5×5', 'pool'],
};

/** An inception block of the paths named, each with its part of `width` channels. */
const mixed = (names: readonly Path[], width: number) =>
  layer(
    'mixed',
    Object.fromEntries(names.map((name) => [name, paths[name](width, width / names.length)])),
    (l, x) => concat(Object.values(l).map((path) => path(x) as Tensor)),
  );

/** A convolution that halves the image, then twice two blocks and a pooling. */
const kernelNet = (
  names: readonly Path[],
  width: number,
  { channels, classes }: { readonly channels: number; readonly classes: number },
) =>
  layer(
    'kernelNet',
    {
      stem: sequential(
        conv(channels, width, 3, { stride: 2, padding: 1, bias: false }),
        batchNorm(width),
        relu,
      ),
      blocks1: sequential(mixed(names, width), mixed(names, width)),
      pool: maxPool(2),
      blocks2: sequential(mixed(names, width), mixed(names, width)),
      linear: linear(width, classes),
    },
    (l, x) => pipe(x, l.stem, l.blocks1, l.pool, l.blocks2, globalAvgPool, l.linear),
  );

interface Outcome {
  readonly net: string;
  readonly parameters: number;
  /** Of one image. */
  readonly multiplyAdds: number;
  readonly testAccuracy: number;
  /** Standard deviation over the seeds; 0 for one. */
  readonly deviation: number;
}

export const kernels = study({
  name: 'kernels',
  summary: 'kernel sizes mixed: an inception net with some of its paths, at equal width',
  takes: [...dataOptions, ...engineOptions],
  options: {
    width: count('channels of each block, a multiple of 12', 24, { quick: 12, least: 12 }),
    seeds: count('runs of each net; means are shown', 3, { quick: 1 }),
    epochs: count('passes over the training images', 4, { quick: 2 }),
    batch: count('images per step', 64, { quick: 32 }),
    lr: real('learning rate, at first', 0.1),
    trainSize: count('training images', 3200, { quick: 1280 }),
    testSize: count('test images', 2000, { quick: 200 }),
  },
  async run({ width, seeds, epochs, batch, lr, trainSize, testSize }, context) {
    if (width % 12 !== 0) {
      throw new UsageError(
        `--width must be a multiple of 12, to be shared by 2, 3 or 4 (it is ${width})`,
      );
    }
    const { train, test } = await context.data(trainSize, testSize);
    const engine = await context.engine();
    const names = Object.keys(variants);
    const whole = names.length * seeds;
    const outcomes: Outcome[] = [];
    for (const net of names) {
      const model = kernelNet(variants[net]!, width, sizes(train));
      const accuracies: number[] = [];
      for (let i = 0; i < seeds; i++) {
        const before = outcomes.length * seeds + i;
        const result = await trainShortly({
          ...{ train, test, engine },
          network: { model, initial: { scheme: kaimingNormal() } },
          options: {
            epochs,
            batch,
            lr,
            seed: context.config.seed + i,
            momentum: 0.9,
            schedule: 'cosine',
          },
          onStep: (epoch, loss) =>
            context.progress(before + epoch / epochs, whole, [net, `loss ${loss.toFixed(3)}`]),
        });
        accuracies.push(result.testAccuracy);
      }
      const { parameters, multiplyAdds } = summarize(model, [1, ...train.shape]).total;
      const { mean: testAccuracy, deviation } = statistics(accuracies);
      outcomes.push({ net, parameters, multiplyAdds, testAccuracy, deviation });
      context.note(`${net}: test accuracy ${percent(testAccuracy)}`);
    }
    return {
      columns: [
        { key: 'net', title: 'paths' },
        { key: 'parameters', title: 'parameters', format: 'count' },
        { key: 'multiplyAdds', title: 'multiply-adds', format: 'compact' },
        { key: 'testAccuracy', title: 'test accuracy', format: 'share' },
        { key: 'deviation', title: '±', format: 'share' },
      ],
      rows: outcomes.map((outcome) => ({ ...outcome })),
      picture: dots(
        outcomes.map((outcome) => ({ ...outcome, line: line(outcome) })),
        {
          x: { field: 'testAccuracy', title: 'test accuracy' },
          deviation: 'deviation',
          y: { field: 'line', order: outcomes.map(line) },
        },
      ),
      findings: findings(outcomes, seeds),
    };
  },
});

const line = ({ net, multiplyAdds }: Outcome): string =>
  `${net} (${short(multiplyAdds)} multiply-adds)`;

const sizes = ({ shape, classes }: ImageDataset) => ({
  channels: shape[0],
  classes: classes.length,
});

function statistics(values: readonly number[]) {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: values.length > 1 ? Math.sqrt(squares / (values.length - 1)) : 0 };
}

function findings(outcomes: readonly Outcome[], seeds: number): string[] {
  const ranked = [...outcomes].sort((a, b) => b.testAccuracy - a.testAccuracy);
  const [best, worst] = [ranked[0]!, ranked.at(-1)!];
  const all = outcomes.find(({ net }) => net === 'all')!;
  // Of one run nothing is known of its spread: what counts then is a whole point.
  const spread = Math.max(0.01, ...outcomes.map(({ deviation }) => deviation));
  const text = ({ net, testAccuracy }: Outcome) => `${net} (${percent(testAccuracy)})`;
  const close = ranked.filter(
    (one) => one !== all && Math.abs(one.testAccuracy - all.testAccuracy) <= spread,
  );
  const better = ranked.filter((one) => one.testAccuracy > all.testAccuracy + spread);
  const single = ranked.find(({ net }) => variants[net]!.length === 1)!;
  const cost = (single.multiplyAdds / all.multiplyAdds).toFixed(1);
  const runs = seeds === 1 ? 'one run' : `the mean of ${seeds} runs`;
  return [
    `All paths together get ${percent(all.testAccuracy)} of the test images right (${runs}); the best net is ${text(best)}, the worst ${text(worst)}.`,
    better.length > 0
      ? `Mixing all kernel sizes is not best here: by more than ${percent(spread)}, the spread between runs, ${listed(better.map(text))} ${better.length === 1 ? 'is' : 'are'} better.`
      : `No net is better than all paths by more than ${percent(spread)}, the spread between runs; within it are ${close.length === 0 ? 'none' : listed(close.map(text))}.`,
    `The best path alone, ${text(single)}, takes ${cost} times the multiply-adds of all together.`,
  ];
}
