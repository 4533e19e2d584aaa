import { sizeOf } from '../graph/index.ts';
import { model, modelEntry } from '../models/index.ts';
import { type Model, namedParameters, parameterCount } from '../nn/index.ts';
import { shares } from './pictures.ts';
import { type StudyRow, study } from './study.ts';
import { listed, percent, short } from './words.ts';

/** In the order of their years. The book's NiN, made for ten classes, gets ImageNet's like the others. */
const nets: readonly (readonly [
  label: string,
  name: string,
  options?: Readonly<Record<string, number>>,
])[] = [
  ['LeNet', 'lenet'],
  ['AlexNet', 'alexnet'],
  ['NiN', 'nin', { classes: 1000, channels: 3 }],
  ['VGG-16', 'vgg16'],
  ['GoogLeNet', 'googlenet'],
  ['ResNet-18', 'resnet18'],
  ['ResNet-50', 'resnet50'],
  ['DenseNet-121', 'densenet121'],
];

export interface DenseShare {
  readonly parameters: number;
  /** Of these, weights and biases of dense layers. */
  readonly dense: number;
  /** Weight of the largest dense layer: [out, in]. */
  readonly largest: readonly number[] | undefined;
}

/** Counts the parameters of a model's dense layers: those whose weight has two axes. */
export function denseShare(net: Model): DenseShare {
  const parameters = namedParameters(net);
  const layerOf = (name: string) => name.slice(0, name.lastIndexOf('.'));
  const weights = [...parameters].filter(([, { shape }]) => shape.length === 2);
  const layers = new Set(weights.map(([name]) => layerOf(name)));
  let dense = 0;
  for (const [name, { shape }] of parameters) if (layers.has(layerOf(name))) dense += sizeOf(shape);
  const shapes = weights.map(([, { shape }]) => shape);
  const largest = shapes.sort((a, b) => sizeOf(b) - sizeOf(a))[0];
  return { parameters: parameterCount(net), dense, largest };
}

export const denseShareStudy = study({
  name: 'dense-share',
  summary: 'share of the parameters that sit in dense layers, from LeNet to DenseNet',
  takes: [],
  options: {},
  async run() {
    const counted = nets.map(([label, name, options = {}]) => {
      const { channels, size, classes } = { ...modelEntry(name).options, ...options };
      return {
        ...denseShare(model(name, options)),
        ...{ label, input: `${channels}×${size}×${size}`, classes },
      };
    });
    const rows = counted.map(({ label, largest, ...row }) => ({
      net: label,
      ...row,
      share: row.dense / row.parameters,
      largest: largest === undefined ? null : `${largest[1]} to ${largest[0]}`,
    }));
    const bar = ({ net, parameters }: (typeof rows)[number]) => `${net} (${short(parameters)})`;
    const parts: StudyRow[] = rows.flatMap((row) => [
      { bar: bar(row), part: 'dense layers', share: row.share },
      { bar: bar(row), part: 'everything else', share: 1 - row.share },
    ]);
    return {
      columns: [
        { key: 'net', title: 'net' },
        { key: 'input', title: 'input' },
        { key: 'classes', title: 'classes', format: 'count' },
        { key: 'parameters', title: 'parameters', format: 'count' },
        { key: 'dense', title: 'in dense layers', format: 'count' },
        { key: 'share', title: 'share', format: 'share' },
        { key: 'largest', title: 'largest dense layer' },
      ],
      rows,
      picture: shares(parts, {
        y: { field: 'bar', order: rows.map(bar) },
        x: { field: 'share', title: 'share of the parameters' },
        color: { field: 'part', order: ['dense layers', 'everything else'] },
      }),
      findings: findings(rows),
    };
  },
});

type Row = Omit<DenseShare, 'largest'> & { readonly net: string; readonly share: number };

function findings(rows: readonly Row[]): string[] {
  const text = (list: readonly Row[]) =>
    listed(list.map(({ net, share }) => `${net} (${percent(share)})`));
  const heavy = rows.filter(({ share }) => share > 0.5);
  const light = rows.filter(({ share }) => share <= 0.5);
  const [most, without] = [
    [...rows].sort((a, b) => b.dense - a.dense)[0]!,
    rows.filter(({ dense }) => dense === 0).map(({ net }) => net),
  ];
  return [
    `More than half of the parameters sit in dense layers in ${text(heavy)}; the most, ${(most.dense / 1e6).toFixed(1)} million, in ${most.net}.`,
    `In ${text(light)}, which average each channel before at most one dense layer, it is less.`,
    ...(without.length > 0 ? [`${listed(without)} does without dense layers altogether.`] : []),
  ];
}
