import type { Command } from 'commander';
import { percent } from '../format.ts';
import { addConfigOptions, wholeNumber } from '../options.ts';
import { addOutputOptions, createOutput, type OutputOptions } from '../output.ts';
import { type CheckpointFlags, checkpointOption } from '../run-options.ts';
import { shownName } from '../shown-name.ts';

interface Flags extends OutputOptions, CheckpointFlags {
  readonly top?: number;
  readonly invert?: boolean;
  readonly engine?: string;
  readonly threads?: number;
}

export function define(command: Command): void {
  command
    .argument('<run>', 'run folder, or a checkpoint file of one')
    .argument('<image...>', 'PNG, JPEG, WebP, … files')
    .option('--top <n>', 'how many classes to name (default: 3)', wholeNumber('--top', 1))
    .option('--invert', 'for dark on light, when training images are light on dark')
    .addOption(checkpointOption());
  addConfigOptions(command, ['engine', 'threads']);
  addOutputOptions(command).action(async (run: string, images: string[], flags: Flags) => {
    const output = await createOutput(flags);
    const { predict } = await import('../../train/node.ts');
    const { top = 3, invert, engine, threads, checkpoint } = flags;
    const answers = await predict({
      run,
      images,
      checkpoint,
      top,
      invert,
      engine,
      threads,
      onNotice({ kind, text }) {
        if (kind !== 'engine') output.warn(shownName(text));
      },
      onProgress(done) {
        output.live.progress(done, images.length, ['predicting', shownName(images[done]!)]);
      },
    });
    const results = images.map((image, i) => ({ image, predictions: answers[i]! }));
    output.table(
      [
        { title: 'image', shrink: true },
        { title: 'class', shrink: true },
        { title: 'probability', align: 'right' },
      ],
      results.flatMap(({ image, predictions }) =>
        predictions.map((row, i) => [
          i === 0 ? shownName(image) : '',
          shownName(row.class),
          percent(row.probability),
        ]),
      ),
    );
    output.json({ images: results });
  });
}
