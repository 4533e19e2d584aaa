import { UsageError } from '../graph/index.ts';
import { residual, shortcuts } from '../models/index.ts';
import {
  batchNorm,
  conv,
  globalAvgPool,
  kaimingNormal,
  layer,
  linear,
  parameterCount,
  pipe,
  sequential,
} from '../nn/index.ts';
import { relu } from '../ops/index.ts';
import { count, counts, real } from './options.ts';
import { curves } from './pictures.ts';
import { dataOptions, engineOptions, type StudyRow, study } from './study.ts';
import { type ShortResult, trainShortly } from './training.ts';
import { percent } from './words.ts';

interface NetOptions {
  readonly depth: number;
  readonly width: number;
  readonly plain: boolean;
  readonly channels: number;
  readonly classes: number;
}

/**
 * The nets of He et al. 2016, section 4.2, thinner, and with a first convolution that halves the
 * image: three stages of (depth − 2) / 6 blocks of two convolutions, width, 2·width and 4·width
 * channels. Plain ones lack the shortcuts and nothing else: those have no parameters.
 */
function deepNet({ depth, width, plain, channels, classes }: NetOptions) {
  const blocks = (depth - 2) / 6;
  if (!Number.isInteger(blocks) || blocks < 1) {
    throw new UsageError(`--depths must be 8, 14, 20 or any other 6·n + 2 (it has ${depth})`);
  }
  const shortcut = plain ? 'none' : shortcuts.padding;
  const stage = (cin: number, cout: number) =>
    sequential(
      ...Array.from({ length: blocks }, (_, i) =>
        residual(i === 0 ? cin : cout, cout, { stride: i === 0 ? cout / cin : 1, shortcut }),
      ),
    );
  return layer(
    'deepNet',
    {
      conv1: conv(channels, width, 3, { stride: 2, padding: 1, bias: false }),
      bn1: batchNorm(width),
      layer1: stage(width, width),
      layer2: stage(width, 2 * width),
      layer3: stage(2 * width, 4 * width),
      linear: linear(4 * width, classes),
    },
    (l, x) => pipe(x, l.conv1, l.bn1, relu, l.layer1, l.layer2, l.layer3, globalAvgPool, l.linear),
  );
}

const kinds = ['plain', 'residual'] as const;
type Kind = (typeof kinds)[number];

interface Outcome extends ShortResult {
  readonly kind: Kind;
  readonly depth: number;
  readonly parameters: number;
}

export const degradation = study({
  name: 'degradation',
  summary: 'how well plain and residual nets fit the training images, by depth',
  takes: [...dataOptions, ...engineOptions],
  options: {
    depths: counts('layers of the nets, 6·n + 2 each', [8, 14, 20, 32], {
      quick: [8, 20, 32],
      least: 8,
    }),
    width: count('channels of the first stage', 8, { quick: 4 }),
    epochs: count('passes over the training images', 12, { quick: 4 }),
    batch: count('images per step', 64, { quick: 32 }),
    lr: real('learning rate, at first', 0.05),
    trainSize: count('training images', 2560, { quick: 640 }),
    testSize: count('test images', 1000, { quick: 200 }),
  },
  async run({ depths, width, epochs, batch, lr, trainSize, testSize }, context) {
    const { progress, note } = context;
    const { seed } = context.config;
    const { train, test } = await context.data(trainSize, testSize);
    const sorted = [...new Set(depths)].sort((a, b) => a - b);
    const nets = kinds.flatMap((kind) =>
      sorted.map((depth) => {
        const [channels, classes] = [train.shape[0], train.classes.length];
        const model = deepNet({ depth, width, plain: kind === 'plain', channels, classes });
        return { kind, depth, model };
      }),
    );
    const engine = await context.engine();
    const whole = nets.reduce((sum, { depth }) => sum + depth, 0);
    let before = 0;
    const outcomes: Outcome[] = [];
    for (const { kind, depth, model } of nets) {
      const result = await trainShortly({
        ...{ train, test, engine },
        network: { model, initial: { scheme: kaimingNormal() } },
        options: { epochs, batch, lr, seed, momentum: 0.9, weightDecay: 1e-4, schedule: 'cosine' },
        onStep: (epoch, loss) =>
          progress(before + (depth * epoch) / epochs, whole, [
            `${kind}, ${depth} layers`,
            `loss ${loss.toFixed(3)}`,
          ]),
      });
      before += depth;
      outcomes.push({ ...result, kind, depth, parameters: parameterCount(model) });
      note(`${kind}, ${depth} layers: training loss ${lossText(result)}`);
    }
    return {
      columns: [
        { key: 'net', title: 'net' },
        { key: 'depth', title: 'layers', format: 'count' },
        { key: 'parameters', title: 'parameters', format: 'count' },
        { key: 'trainLoss', title: 'training loss', format: 'decimal' },
        { key: 'trainAccuracy', title: 'training accuracy', format: 'share' },
        { key: 'testAccuracy', title: 'test accuracy', format: 'share' },
      ],
      rows: outcomes.map(({ kind, rows: _, testLoss: __, ...row }) => ({ net: kind, ...row })),
      series: lossCurves(outcomes),
      picture: curves(lossCurves(outcomes), {
        x: { field: 'epoch', title: 'epoch' },
        y: { field: 'trainLoss', title: 'training loss', scale: 'log', format: '~g' },
        color: { field: 'depth', title: 'layers' },
        column: { field: 'net', order: kinds },
      }),
      findings: findings(outcomes),
    };
  },
});

const lossCurves = (outcomes: readonly Outcome[]): StudyRow[] =>
  outcomes.flatMap(({ kind, depth, rows }) =>
    rows.map(({ epoch, trainLoss, trainAccuracy }) => ({
      ...{ net: kind, depth, epoch, trainAccuracy },
      trainLoss: Number.isFinite(trainLoss) ? trainLoss : null,
    })),
  );

const lossText = ({ trainLoss }: Pick<ShortResult, 'trainLoss'>): string =>
  trainLoss?.toFixed(3) ?? 'no number';

/** How many times as large a loss must be to count as worse. */
const NOTICEABLE = 1.25;

export function findings(outcomes: readonly Outcome[]): string[] {
  const loss = ({ trainLoss }: Outcome) => trainLoss ?? Number.POSITIVE_INFINITY;
  /** The shallowest and the deepest net, and how many times the loss of the first the second has. */
  const compare = (kind: Kind) => {
    const nets = outcomes.filter((outcome) => outcome.kind === kind);
    const [shallow, deep] = [nets[0]!, nets.at(-1)!];
    return { shallow, deep, factor: loss(deep) / loss(shallow) };
  };
  const [plain, residual] = kinds.map(compare) as [
    ReturnType<typeof compare>,
    ReturnType<typeof compare>,
  ];
  const sentence = (kind: Kind, { shallow, deep, factor }: typeof plain) => {
    const verdict =
      factor > NOTICEABLE
        ? `get worse with depth (${factor.toFixed(1)} times the loss)`
        : factor < 1 / NOTICEABLE
          ? 'get better with depth'
          : 'stay about the same';
    return `From ${shallow.depth} to ${deep.depth} layers the ${kind} nets ${verdict}: their training loss goes from ${lossText(shallow)} to ${lossText(deep)}.`;
  };
  return [
    sentence('plain', plain),
    sentence('residual', residual),
    plain.factor <= NOTICEABLE
      ? 'Degradation does not show in this run; deeper nets or other rates may show it.'
      : loss(plain.deep) <= NOTICEABLE * loss(residual.deep)
        ? 'Shortcuts do not help in this run; more epochs or a smaller rate may show what they do.'
        : `This is degradation, and not overfitting: it is the training images that deep plain nets fit badly, though the shallow net is a special case of them. Shortcuts, which have no parameters, bring the training accuracy at ${plain.deep.depth} layers from ${percent(plain.deep.trainAccuracy)} to ${percent(residual.deep.trainAccuracy)}${residual.factor > NOTICEABLE ? `, not yet to the ${percent(residual.shallow.trainAccuracy)} of ${residual.shallow.depth}` : ''}.`,
  ];
}
