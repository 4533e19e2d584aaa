import { writeFile } from 'node:fs/promises';
import { type Command, Option } from 'commander';
import type { Precision } from '../../graph/index.ts';
import { resolveConfig, type TrainOptions } from '../../train/config.ts';
import { selectEngine } from '../../train/node/engines.ts';
import { chromeTrace, type Profile, type ProfiledStep, profile } from '../../train/profile.ts';
import { bytes, percent } from '../format.ts';
import { addConfigOptions, configFlags, wholeNumber } from '../options.ts';
import { addOutputOptions, createOutput, type OutputOptions } from '../output.ts';

interface Flags extends OutputOptions {
  readonly mode: 'train' | 'infer';
  readonly runs?: number;
  readonly top?: number;
  readonly trace?: string;
}

export function define(command: Command): void {
  addConfigOptions(command, ['model', 'modelOptions', 'batch', 'engine', 'threads', 'precision']);
  command
    .addOption(
      new Option('--mode <name>', 'a whole training step, or a forward pass')
        .choices(['train', 'infer'])
        .default('train'),
    )
    .option(
      '--runs <n>',
      'profiled runs; medians are shown (default: 10)',
      wholeNumber('--runs', 1),
    )
    .option('--top <n>', 'show the slowest n steps only', wholeNumber('--top', 1))
    .option('--trace <file>', 'write a Chrome trace, for chrome://tracing or Perfetto');
  addOutputOptions(command).action(async (flags: Flags) => {
    const output = await createOutput(flags);
    const config = resolveConfig(configFlags({ ...flags }) as TrainOptions);
    const precision: Precision = config.precision;
    const { engine, reason } = await selectEngine(config.engine, config);
    const { runs = 10 } = flags;
    try {
      const result = await profile({
        model: config.model,
        modelOptions: config.modelOptions as Record<string, number | boolean | string>,
        batch: config.batch,
        mode: flags.mode,
        precision,
        engine,
        runs,
        onProgress: (done) => output.live.progress(done, runs, ['profiling', config.model]),
      });
      output.say(reason);
      show(output, result, flags.top, config.batch);
      if (flags.trace !== undefined) {
        await writeFile(flags.trace, JSON.stringify(chromeTrace(result)));
        output.say(`trace written to ${flags.trace}`);
      }
      output.json({ model: config.model, batch: config.batch, precision, ...result });
    } finally {
      await engine[Symbol.asyncDispose]();
    }
  });
}

const rate = (amount: number, milliseconds: number): string =>
  amount === 0 || milliseconds === 0 ? '' : (amount / milliseconds / 1e6).toFixed(1);

function show(
  output: Awaited<ReturnType<typeof createOutput>>,
  { steps, milliseconds, wholeMilliseconds, flops, arenaBytes }: Profile,
  top: number | undefined,
  batch: number,
): void {
  const slowest = [...steps].sort((a, b) => b.milliseconds - a.milliseconds).slice(0, top);
  const shown = top === undefined ? steps : slowest;
  const row = (step: ProfiledStep): string[] => [
    step.path.slice(1).join('.'),
    step.ops.join(' + '),
    step.milliseconds.toFixed(3),
    percent(step.milliseconds / milliseconds, 1),
    rate(step.flops, step.milliseconds),
    bytes(step.bytes),
    rate(step.bytes, step.milliseconds),
    step.kernel,
  ];
  output.table(
    [
      { title: 'layer', shrink: true },
      { title: 'ops', shrink: true },
      { title: 'ms', align: 'right' },
      { title: 'share', align: 'right' },
      { title: 'GFLOP/s', align: 'right' },
      { title: 'bytes', align: 'right' },
      { title: 'GB/s', align: 'right' },
      { title: 'implementation and layout', shrink: true },
    ],
    shown.map(row),
  );
  const images = (1000 * batch) / wholeMilliseconds;
  output.say(
    `sum of steps ${milliseconds.toFixed(2)} ms; whole run ${wholeMilliseconds.toFixed(2)} ms, ${images.toFixed(0)} images/s, ${rate(flops, wholeMilliseconds)} GFLOP/s; temporary memory ${bytes(arenaBytes)}`,
  );
}
