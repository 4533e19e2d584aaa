import type { Command } from 'commander';
import type { Evaluation } from '../../train/node.ts';
import { showDownload } from '../dataset-files.ts';
import { decimal, grouped, percent } from '../format.ts';
import { addConfigOptions, oneOf } from '../options.ts';
import { addOutputOptions, createOutput, type Output, type OutputOptions } from '../output.ts';
import { type CheckpointFlags, checkpointOption } from '../run-options.ts';

interface Flags extends OutputOptions, CheckpointFlags {
  readonly data?: string;
  readonly dataDir?: string;
  readonly split?: 'train' | 'val' | 'test';
  readonly engine?: string;
  readonly threads?: number;
  readonly batch?: number;
}

const splits = ['test', 'val', 'train'] as const;

export function define(command: Command): void {
  command.argument('<run>', 'run folder, or a checkpoint file of one');
  addConfigOptions(command, ['data', 'dataDir', 'engine', 'threads', 'batch']);
  command
    .addOption(checkpointOption())
    .option('--split <name>', 'test (default), val or train', oneOf('--split', splits));
  addOutputOptions(command, { quiet: true }).action(async (run: string, flags: Flags) => {
    const output = await createOutput(flags);
    const { data, dataDir, split, engine, threads, batch, checkpoint } = flags;
    output.live.busy('starting');
    const { evaluate } = await import('../../train/node.ts');
    const evaluation = await evaluate({
      ...{ run, checkpoint, data, dataDir, split, engine, threads, batch },
      onNotice: ({ kind, text }) =>
        kind === 'engine' ? output.detail(`engine   ${text}`) : output.warn(text),
      onDownload: (progress) => showDownload(progress, output),
      onProgress: (done, total) =>
        output.live.progress(done, total, ['testing', `${grouped(done)}/${grouped(total)} images`]),
    });
    report(evaluation, output);
  });
}

function report({ accuracy, loss, count, classes, confusion }: Evaluation, output: Output): void {
  const perClass = classes.map((name, i) => {
    const right = confusion[i]![i]!;
    const actual = sum(confusion[i]!);
    const predicted = sum(confusion.map((row) => row[i]!));
    // Without a single sample, or a single prediction, there is no share to speak of.
    const share = (total: number) => (total === 0 ? null : right / total);
    return { class: name, precision: share(predicted), recall: share(actual), count: actual };
  });
  const confused = classes
    .flatMap((name, i) =>
      classes.map((other, j) => ({
        class: name,
        predicted: other,
        count: i === j ? 0 : confusion[i]![j]!,
      })),
    )
    .filter((pair) => pair.count > 0)
    .sort((a, b) => b.count - a.count)
    .slice(0, 5);

  const text = (share: number | null) => percent(share ?? Number.NaN);
  output.table(
    [
      { title: 'class', shrink: true },
      { title: 'precision', align: 'right' },
      { title: 'recall', align: 'right' },
      { title: 'images', align: 'right' },
    ],
    perClass.map((row) => [row.class, text(row.precision), text(row.recall), grouped(row.count)]),
  );
  if (confused.length > 0) {
    output.say('');
    output.table(
      [
        { title: 'most confused', shrink: true },
        { title: 'taken for', shrink: true },
        { title: 'images', align: 'right' },
      ],
      confused.map((pair) => [pair.class, pair.predicted, grouped(pair.count)]),
    );
  }
  const figures = `${percent(accuracy)}, loss ${decimal(loss)}, ${grouped(count)} images`;
  output.say(`\n${output.style('bold', 'accuracy')} ${figures}`);
  output.json({ accuracy, loss, count, classes: perClass, confused });
}

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
