import type { Command } from 'commander';
import { EngineError, UsageError } from '../../graph/errors.ts';
import { pngFromSvg } from '../../image/node/png.ts';
import { type ModelOptions, model } from '../../models/index.ts';
import { summarize } from '../../nn/index.ts';
import { optimizer } from '../../optim/index.ts';
import { type ComparisonRow, comparisonSvg } from '../../train/comparison.ts';
import { resolveConfig, type TrainConfig } from '../../train/config.ts';
import { networkMemory } from '../../train/memory.ts';
import { replaceFile } from '../../train/node/files.ts';
import { measureInProcess, type ProcessMeasurement } from '../../train/node/measure-process.ts';
import { optimizerConfig } from '../../train/recipe.ts';
import { bytes, compact, grouped, imagesPerSecond } from '../format.ts';
import { addInputOptions, type NetworkFlags, networkOptions } from '../input-shape.ts';
import { addConfigOptions, configFlags, wholeNumber } from '../options.ts';
import { requireEnding, requireWritable } from '../out-file.ts';
import { addOutputOptions, createOutput, type Output, type OutputOptions } from '../output.ts';

interface Flags extends OutputOptions, NetworkFlags {
  readonly batch?: number;
  readonly measure: boolean;
  readonly quick?: boolean;
  readonly out?: string;
}

interface Row extends ComparisonRow {
  training?: ProcessMeasurement;
  inference?: ProcessMeasurement;
}

export function define(command: Command): void {
  command.argument('<model...>', 'names of networks; fovea models lists them');
  addInputOptions(command)
    .option('--batch <n>', 'images of a step (default: 8)', wholeNumber('--batch', 1))
    .option('--quick', 'measure for a second each, instead of three')
    .option('--no-measure', 'leave out speed: answers at once')
    .option('--out <file>', 'draw the comparison: a picture.svg or picture.png');
  addConfigOptions(command, ['engine', 'threads', 'precision']);
  addOutputOptions(command, { quiet: true }).action(async (names: string[], flags: Flags) => {
    const output = await createOutput(flags);
    const { batch = 8, measure, quick = false, out } = flags;
    const config = resolveConfig(configFlags({ ...flags, out: undefined }));
    if (out !== undefined) {
      requireEnding('--out', out, ['.svg', '.png']);
      await requireWritable(out);
    }
    const networks = [...new Set(names)].map((name) => ({ name, ...networkOptions(name, flags) }));
    const rows = networks.map(({ name, options, channels, size }) =>
      describe(name, options, [batch, channels, size, size], config),
    );
    const seconds = quick ? 1 : 3;
    if (measure) await addSpeeds(output, rows, networks, { ...config, batch }, seconds);
    show(output, rows, measure, batch);
    if (out !== undefined) {
      const svg = await comparisonSvg(rows);
      await replaceFile(out, [/png$/i.test(out) ? await pngFromSvg(svg) : svg]);
      output.say(`drawn in ${out}`);
    }
    const { precision } = config;
    output.json({ batch, ...(measure ? { precision, seconds } : {}), rows });
  });
}

/** What can be said of a network without running it. */
function describe(
  name: string,
  options: ModelOptions,
  shape: readonly number[],
  config: TrainConfig,
): Row {
  const network = model(name, options);
  const { total } = summarize(network, [1, ...shape.slice(1)]);
  const rule = optimizer(optimizerConfig(config));
  const { training, inference } = networkMemory(network, shape, { optimizer: rule });
  if (!training) {
    throw new UsageError(`${name}: training needs --batch 2 or more at this size`);
  }
  return {
    ...{ model: name, input: shape, ...total },
    parameterBytes: training.parameters,
    trainingBytes: training.total,
    inferenceBytes: inference.total,
  };
}

async function addSpeeds(
  output: Output,
  rows: readonly Row[],
  networks: readonly { readonly name: string; readonly options: ModelOptions }[],
  config: Pick<TrainConfig, 'batch' | 'engine' | 'threads' | 'precision'>,
  seconds: number,
): Promise<void> {
  const { batch, engine, threads, precision } = config;
  const modes = [
    ['train', 'training'],
    ['infer', 'inference'],
  ] as const;
  const total = modes.length * rows.length;
  let done = 0;
  for (const [i, { name, options }] of networks.entries()) {
    for (const [mode, key] of modes) {
      const fields = ['measuring', `${name}, ${key}`];
      output.live.progress(done, total, fields);
      try {
        rows[i]![key] = await measureInProcess({
          ...{ model: name, modelOptions: options, mode, batch, engine, threads, precision },
          seconds,
          onProgress: (share) => output.live.progress(done + share, total, fields),
        });
      } catch (error) {
        // Of several networks one may be too large for this machine.
        if (!(error instanceof EngineError) || done === 0) throw error;
        output.warn(`${name}, ${key}: ${error.message}`);
      }
      done++;
    }
  }
}

function show(output: Output, rows: readonly Row[], measured: boolean, batch: number): void {
  const right = (title: string) => ({ title, align: 'right' as const });
  const speeds = measured ? [right('trains images/s'), right('classifies images/s')] : [];
  output.table(
    [
      { title: 'model' },
      ...['input', 'parameters', 'size', 'multiply-adds', 'activations'].map(right),
      ...[`to train, batch ${batch}`, `to use`].map(right),
      ...speeds,
    ],
    rows.map((row) => [
      row.model,
      row.input.slice(1).join('×'),
      grouped(row.parameters),
      bytes(row.parameterBytes),
      compact(row.multiplyAdds),
      bytes(row.activationBytes),
      bytes(row.trainingBytes),
      bytes(row.inferenceBytes),
      ...speeds.map((_, i) => {
        const speed = i === 0 ? row.training : row.inference;
        return speed === undefined ? '' : imagesPerSecond(speed.imagesPerSecond);
      }),
    ]),
  );
  const engine = rows.find(({ training }) => training !== undefined)?.training?.description;
  if (engine !== undefined) output.detail(engine);
}
