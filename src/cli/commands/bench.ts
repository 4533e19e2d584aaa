import { type Command, Option } from 'commander';
import { EngineError } from '../../graph/errors.ts';
import { resolveConfig } from '../../train/config.ts';
import { measureInProcess, type ProcessMeasurement } from '../../train/node/measure-process.ts';
import { imagesPerSecond, mebibytes, percent } from '../format.ts';
import { addInputOptions, type NetworkFlags, networkOptions, wordList } from '../input-shape.ts';
import { addConfigOptions, configFlags, wholeNumber } from '../options.ts';
import { addOutputOptions, createOutput, type Output, type OutputOptions } from '../output.ts';

interface Flags extends OutputOptions, NetworkFlags {
  readonly model?: readonly string[];
  readonly engine?: readonly string[];
  readonly mode: 'train' | 'infer';
  readonly batch?: number;
  readonly seconds?: number;
  readonly [other: string]: unknown;
}

interface Row extends ProcessMeasurement {
  readonly model: string;
  /** [n, c, h, w]. */
  readonly input: readonly number[];
}

export function define(command: Command): void {
  command
    .option('--model <name,…>', 'networks, by name (default: lenet)', wordList('--model'))
    .option('--batch <n>', 'images of a step (default: 16)', wholeNumber('--batch', 1))
    .addOption(
      new Option('--mode <name>', 'a whole training step, or a forward pass')
        .choices(['train', 'infer'])
        .default('train'),
    )
    .option('--engine <name,…>', 'what computes: auto, onednn, wasm', wordList('--engine'))
    .option('--seconds <n>', 'time for each row, about (default: 5)', wholeNumber('--seconds', 1));
  addInputOptions(command);
  addConfigOptions(command, ['modelOptions', 'threads', 'precision']);
  addOutputOptions(command, { quiet: true }).action(async (flags: Flags) => {
    const output = await createOutput(flags);
    const { engine: engines = ['auto'], mode, seconds = 5, batch = 16 } = flags;
    const { model: names = ['lenet'], engine: _, ...others } = flags;
    const { threads, precision } = resolveConfig(configFlags({ ...others, model: names[0] }));
    // A wrong name is told before anything is measured.
    const networks = names.map((name) => ({ name, ...networkOptions(name, flags) }));
    const rows: Row[] = [];
    for (const [i, { name, options, channels, size }] of networks.entries()) {
      for (const [j, engine] of engines.entries()) {
        const what = `${name} on ${engine}`;
        const done = i * engines.length + j;
        const total = networks.length * engines.length;
        output.live.busy(`preparing ${what}`);
        try {
          const measurement = await measureInProcess({
            ...{ model: name, modelOptions: options, batch, mode, precision, engine, threads },
            seconds,
            onProgress: (share) => output.live.progress(done + share, total, ['measuring', what]),
          });
          rows.push({ model: name, input: [batch, channels, size, size], ...measurement });
        } catch (error) {
          // One engine of several may be missing here, or refuse the precision.
          if (!(error instanceof EngineError) || total === 1) throw error;
          output.warn(`${what}: ${error.message}`);
        }
      }
    }
    if (rows.length === 0) throw new EngineError('nothing was measured: no engine works here');
    show(output, rows, mode);
    output.json({ mode, precision, seconds, rows });
  });
}

function show(output: Output, rows: readonly Row[], mode: Flags['mode']): void {
  output.table(
    [
      { title: 'model' },
      { title: 'input', align: 'right' },
      { title: mode === 'train' ? 'training on' : 'inference on' },
      { title: 'ms/step', align: 'right' },
      { title: 'best', align: 'right' },
      { title: 'spread', align: 'right' },
      { title: 'images/s', align: 'right' },
      { title: 'GFLOP/s', align: 'right' },
      { title: 'peak memory', align: 'right' },
    ],
    rows.map((row) => [
      row.model,
      row.input.join('×'),
      row.engine,
      row.median.toPrecision(4),
      row.best.toPrecision(4),
      percent(row.spread, 0),
      imagesPerSecond(row.imagesPerSecond),
      row.gflopsPerSecond.toFixed(1),
      mebibytes(row.peakBytes),
    ]),
  );
  for (const text of new Set(rows.map(({ description }) => description))) output.detail(text);
}
