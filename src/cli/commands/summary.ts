import type { Command } from 'commander';
import { model, modelEntry } from '../../models/index.ts';
import { type Reach, type Summary, summarize } from '../../nn/index.ts';
import { optimizer } from '../../optim/index.ts';
import { resolveConfig } from '../../train/config.ts';
import { drawArchitecture } from '../../train/drawing/architecture.ts';
import { type NetworkMemory, networkMemory, type StepMemory } from '../../train/memory.ts';
import { replaceFile } from '../../train/node/files.ts';
import { optimizerConfig } from '../../train/recipe.ts';
import { bytes, compact, grouped } from '../format.ts';
import { addInputOptions, type NetworkFlags, networkOptions } from '../input-shape.ts';
import { addConfigOptions, configFlags, wholeNumber } from '../options.ts';
import { requireWritable } from '../out-file.ts';
import { addOutputOptions, createOutput, type Output, type OutputOptions } from '../output.ts';

interface Flags extends OutputOptions, NetworkFlags {
  readonly batch?: number;
  readonly svg?: string;
}

export function define(command: Command): void {
  command.argument('<model>', 'name of a network; fovea models lists them');
  addInputOptions(command).option(
    '--batch <n>',
    'images at once; all sizes and costs are theirs (default: 1)',
    wholeNumber('--batch', 1),
  );
  addConfigOptions(command, ['modelOptions', 'optimizer', 'momentum']);
  command.option('--svg <file>', 'draw the architecture, as an SVG picture');
  addOutputOptions(command).action(async (name: string, flags: Flags) => {
    const output = await createOutput(flags);
    const { options, channels, size } = networkOptions(name, flags);
    const { batch = 1, svg } = flags;
    if (svg !== undefined) await requireWritable(svg);
    const config = resolveConfig(configFlags({ ...flags }));
    const network = model(name, options);
    const shape = [batch, channels, size, size];
    const summary = summarize(network, shape);
    const memory = networkMemory(network, shape, { optimizer: optimizer(optimizerConfig(config)) });
    if (svg !== undefined) {
      const { parameters, multiplyAdds } = summary.total;
      const costs = `${grouped(parameters)} parameters, ${compact(multiplyAdds)} multiply-adds`;
      const subtitle = `${modelEntry(name).description}: ${costs}`;
      await replaceFile(svg, [drawArchitecture(network, shape, { title: name, subtitle })]);
    }
    showLayers(output, summary);
    output.say('');
    showMemory(output, memory, batch, config.optimizer);
    if (svg !== undefined) output.say(`architecture drawn in ${svg}`);
    output.json({ model: name, input: shape, ...summary, memory });
  });
}

function showLayers(output: Output, { rows, total }: Summary): void {
  const all = [...rows, { ...total, layer: 'total', op: '', shape: [], receptiveField: undefined }];
  output.table(
    [
      { title: 'layer', shrink: true },
      { title: 'op', shrink: true },
      { title: 'output', align: 'right' },
      { title: 'parameters', align: 'right' },
      { title: 'multiply-adds', align: 'right' },
      { title: 'activations', align: 'right' },
      { title: 'sees', align: 'right' },
      { title: 'every', align: 'right' },
    ],
    all.map((row) => [
      row.layer,
      row.op,
      row.shape.slice(1).join('×'),
      grouped(row.parameters),
      row.multiplyAdds === 0 ? '' : compact(row.multiplyAdds),
      bytes(row.activationBytes),
      ...reachText(row.receptiveField),
    ]),
  );
}

/** The receptive field and the distance to the next one, in pixels of the input. */
function reachText(reach: Reach | undefined): readonly [string, string] {
  if (reach === undefined) return ['', ''];
  if (reach === 'all') return ['all', ''];
  const pixels = ([rows, columns]: readonly [number, number]) =>
    rows === columns ? String(rows) : `${rows}×${columns}`;
  return [pixels(reach.size), pixels(reach.stride)];
}

const memoryRows: readonly (readonly [keyof StepMemory, string])[] = [
  ['parameters', 'parameters'],
  ['statistics', 'running statistics, counters'],
  ['optimizer', 'state of the optimiser'],
  ['prepared', 'weights prepared for use'],
  ['activations', 'activations kept for the gradients'],
  ['working', 'gradients and values on their way'],
  ['total', 'total'],
];

function showMemory(
  output: Output,
  { training, inference }: NetworkMemory,
  batch: number,
  rule: string,
): void {
  const columns = [
    ...(training ? [{ title: `training with ${rule}`, memory: training }] : []),
    { title: 'use', memory: inference },
  ];
  output.table(
    [
      { title: `memory in float32, batch ${batch}` },
      ...columns.map(({ title }) => ({ title, align: 'right' as const })),
    ],
    memoryRows.map(([key, title]) => [
      title,
      ...columns.map(({ memory }) => (memory[key] === 0 ? '' : bytes(memory[key]))),
    ]),
  );
  if (!training) output.say('training needs --batch 2 or more at this size');
}
