import type { Command } from 'commander';
import { UsageError } from '../../graph/errors.ts';
import { modelEntry } from '../../models/index.ts';
import { resolveConfig, type TrainOptions } from '../../train/config.ts';
import type { ResumeOptions } from '../../train/node.ts';
import type { TrainHooks, TrainResult } from '../../train/types.ts';
import { findConfigFile, readConfigFile } from '../config-file.ts';
import { fetchDataset } from '../dataset-files.ts';
import { percent } from '../format.ts';
import { type Interruption, interruption } from '../interrupt.ts';
import { addConfigOptions, configFlags } from '../options.ts';
import { addOutputOptions, createOutput, type Output, type OutputOptions } from '../output.ts';
import { trainingHooks } from '../training-view.ts';

interface Flags extends OutputOptions {
  readonly config?: string;
  /** Folder, or true when --out or the configuration file names it. */
  readonly resume?: string | true;
  readonly [option: string]: unknown;
}

const notes = `
Options not given come from fovea.config.ts, .js or .json in the working directory, then from the
defaults. Ctrl-C stops after the running step and saves; --resume goes on as if nothing had happened.
`;

export function define(command: Command): void {
  addConfigOptions(command)
    .option('--config <file>', 'read options from this file instead')
    .option('--resume [run]', 'go on with the run in this folder, or in the one of --out');
  addOutputOptions(command, { quiet: true })
    .addHelpText('after', notes)
    .action(async (flags: Flags) => {
      const output = await createOutput(flags);
      using stop = interruption(() => {
        output.warn('stopping; Ctrl-C again quits at once, without saving');
      });
      try {
        await trainCommand(flags, output, stop);
      } catch (error) {
        // Stopped while data was on its way: there is nothing to save yet.
        if (error !== stop.signal.reason) throw error;
        output.warn('interrupted before training began');
        process.exitCode = stop.exitCode ?? 130;
      }
    });
}

async function trainCommand(flags: Flags, output: Output, stop: Interruption): Promise<void> {
  const given = configFlags(flags);
  const path = flags.config ?? (await findConfigFile());
  const file = path === undefined ? undefined : await readConfigFile(path);
  const view = trainingHooks(output);
  let planned = 0;
  const hooks: TrainHooks = {
    ...view,
    signal: stop.signal,
    onStart(info) {
      planned = info.config.epochs;
      view.onStart?.(info);
    },
  };
  output.live.busy('starting');

  let result: TrainResult;
  if (flags.resume === undefined) {
    const options = { ...file?.options, ...given } as TrainOptions;
    checkEpochs(options.epochs);
    // Before anything is downloaded.
    modelEntry(resolveConfig(options).model);
    if (file) output.detail(`config   ${file.path}`);
    await fetchDataset(options, ['train', 'test'], output, stop.signal);
    const { train } = await import('../../train/node.ts');
    result = await train(options, hooks);
  } else {
    const { out = file?.options.out, overwrite, ...overrides } = given;
    const folder = flags.resume === true ? out : flags.resume;
    checkResume(folder, { out: given.out, overwrite, resume: flags.resume });
    if (file) {
      output.warn(`${file.path} is not read: a run goes on with the options it started with`);
    }
    const { resume } = await import('../../train/node.ts');
    result = await resume(folder, overrides as ResumeOptions, hooks);
  }
  output.live.clear();
  report(result, output);
  if (result.interrupted) {
    output.warn(`interrupted and saved; go on with: fovea train --resume ${result.location}`);
    process.exitCode = stop.exitCode ?? 130;
  } else if (result.diverged === 'not-finite' || result.epochs < planned) {
    process.exitCode = 1;
  }
}

function checkEpochs(epochs: unknown): void {
  if (typeof epochs === 'string' && epochs.startsWith('+')) {
    throw new UsageError(`--epochs ${epochs} adds to a run that is there; give --resume too`);
  }
}

function checkResume(
  folder: unknown,
  {
    out,
    overwrite,
    resume,
  }: { readonly out: unknown; readonly overwrite: unknown; readonly resume: string | true },
): asserts folder is string {
  if (typeof folder !== 'string') {
    throw new UsageError('--resume needs the folder of a run: --resume runs/a, or --out runs/a');
  }
  if (out !== undefined && resume !== true && out !== resume) {
    throw new UsageError(
      `a run goes on in its own folder (--resume ${resume}, --out ${out}); leave out --out`,
    );
  }
  if (overwrite === true) {
    throw new UsageError(
      '--resume goes on with a run and --overwrite replaces it; give one of them',
    );
  }
}

function report(result: TrainResult, output: Output): void {
  const { last, best, location, examplesPerSecond } = result;
  if (best) {
    const now = last?.testAccuracy === undefined ? '' : `${percent(last.testAccuracy)}; `;
    const text = `${now}best ${percent(best.testAccuracy)} in epoch ${best.epoch}`;
    output.say(`test accuracy ${output.style('bold', text)}`);
  }
  output.say(`run folder    ${location}`);
  output.json({
    run: location,
    engine: result.engine,
    epochs: result.epochs,
    steps: result.steps,
    interrupted: result.interrupted,
    diverged: result.diverged ?? null,
    accuracy: last?.testAccuracy ?? null,
    loss: last?.testLoss ?? null,
    trainAccuracy: last?.trainAccuracy ?? null,
    trainLoss: last?.trainLoss ?? null,
    best: best ? { epoch: best.epoch, accuracy: best.testAccuracy } : null,
    imagesPerSecond: examplesPerSecond,
    seconds: result.seconds,
  });
}
