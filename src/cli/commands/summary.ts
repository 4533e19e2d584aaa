import type { Command } from 'commander';
import { UsageError } from '../../graph/errors.ts';
import { model, modelEntry } from '../../models/index.ts';
import { summarize } from '../../nn/summary.ts';
import { bytes, compact, grouped } from '../format.ts';
import { addConfigOptions, wholeNumber } from '../options.ts';
import { addOutputOptions, createOutput, type OutputOptions } from '../output.ts';

interface Flags extends OutputOptions {
  readonly input?: readonly [channels: number, size: number];
  readonly classes?: number;
  readonly modelOptions?: Readonly<Record<string, unknown>>;
}

export function define(command: Command): void {
  command
    .argument('<model>', 'name of a network; fovea models lists them')
    .option('--input <shape>', 'channels, height and width, such as 1x28x28', parseInput)
    .option('--classes <n>', 'number of classes', wholeNumber('--classes', 1));
  addConfigOptions(command, ['modelOptions']);
  addOutputOptions(command).action(async (name: string, flags: Flags) => {
    const output = await createOutput(flags);
    const { input, classes, modelOptions } = flags;
    const given = input === undefined ? {} : { channels: input[0], size: input[1] };
    const options = { ...modelOptions, ...given, classes: classes ?? modelOptions?.classes };
    const { channels, size } = { ...modelEntry(name).options, ...options };
    const summary = summarize(model(name, options), [1, channels, size, size]);
    output.table(
      [
        { title: 'layer', shrink: true },
        { title: 'op', shrink: true },
        { title: 'output', align: 'right' },
        { title: 'parameters', align: 'right' },
        { title: 'multiply-adds', align: 'right' },
        { title: 'activations', align: 'right' },
      ],
      [...summary.rows, { ...summary.total, layer: 'total', op: '', shape: [] }].map((row) => [
        row.layer,
        row.op,
        row.shape.slice(1).join('×'),
        grouped(row.parameters),
        row.multiplyAdds === 0 ? '' : compact(row.multiplyAdds),
        bytes(row.activationBytes),
      ]),
    );
    output.json({ model: name, ...summary });
  });
}

function parseInput(text: string): readonly [channels: number, size: number] {
  const sizes = /^(\d+)[x×](\d+)[x×](\d+)$/.exec(text)?.slice(1).map(Number);
  if (sizes === undefined || sizes.includes(0)) {
    throw new UsageError(
      `--input must be channels, height and width, such as 1x28x28 (it is "${text}")`,
    );
  }
  const [channels, height, width] = sizes as [number, number, number];
  if (height !== width) {
    throw new UsageError(`--input must be as high as it is wide (it is ${height} by ${width})`);
  }
  return [channels, height];
}
