import { join } from 'node:path';
import { Argument, type Command } from 'commander';
import { type BookFigure, type BookRecipe, bookRecipe, bookRecipes } from '../../train/book.ts';
import type { TrainOptions } from '../../train/config.ts';
import type { Reproduction } from '../../train/node/reproduce.ts';
import { fetchDataset } from '../dataset-files.ts';
import { clock, decimal, grouped, percent } from '../format.ts';
import { type Interruption, interruption } from '../interrupt.ts';
import { addConfigOptions, configFlags, wholeNumber } from '../options.ts';
import { addOutputOptions, createOutput, type Output, type OutputOptions } from '../output.ts';
import { trainingHooks } from '../training-view.ts';

interface Flags extends OutputOptions {
  readonly quick?: boolean;
  readonly seeds?: number;
  readonly out?: string;
  readonly [option: string]: unknown;
}

const notes = `
Recipes: ${bookRecipes.map(({ name, title }) => `${name} (${title})`).join(', ')}.

The settings are those of Dive into Deep Learning (Chinese edition), and so is the figure beside ours:
median and 10-90 % band of many builds of its chapter. What is given here replaces a setting.
A training that diverges or stays at chance level is begun again with another seed, and that is said.
`;

export function define(command: Command): void {
  command
    .addArgument(new Argument('<recipe>', 'which training of the book'))
    .option('--quick', 'a subset and fewer epochs, to see it work; no figure to compare')
    .option('--seeds <n>', 'train n times, from --seed on', wholeNumber('--seeds', 1));
  addConfigOptions(command, [
    ...(['epochs', 'subset', 'seed', 'engine', 'threads', 'precision'] as const),
    ...(['data', 'dataDir', 'out', 'overwrite'] as const),
  ]);
  addOutputOptions(command, { quiet: true })
    .addHelpText('after', notes)
    .action(async (name: string, flags: Flags) => {
      const recipe = bookRecipe(name);
      const output = await createOutput(flags);
      using stop = interruption(() => {
        output.warn('stopping; Ctrl-C again quits at once, without saving');
      });
      await reproduceCommand(recipe, flags, output, stop);
    });
}

async function reproduceCommand(
  recipe: BookRecipe,
  flags: Flags,
  output: Output,
  stop: Interruption,
): Promise<void> {
  const { quick = false, seeds = 1 } = flags;
  const given = configFlags(flags) as TrainOptions;
  await fetchDataset({ ...recipe.options, ...given }, ['train', 'test'], output, stop.signal);
  const { reproduce } = await import('../../train/node/reproduce.ts');
  const first = given.seed ?? 0;
  const done: Reproduction[] = [];
  for (let seed = first; seed < first + seeds; seed++) {
    output.live.busy('starting');
    const view = trainingHooks(output);
    const { out } = flags;
    const folder = out === undefined ? {} : { out: seeds > 1 ? join(out, `seed-${seed}`) : out };
    const reproduction = await reproduce({
      recipe,
      quick,
      overrides: { ...given, seed, ...folder },
      hooks: {
        ...view,
        signal: stop.signal,
        onStart(info) {
          view.onStart?.(info);
          output.detail(`curves   ${join(info.location, 'curves.png')}, drawn again and again`);
        },
      },
      onRestart: (_, failed, next) =>
        output.warn(
          `seed ${failed} has failed, as some builds of the book do; seed ${next} is next`,
        ),
    });
    done.push(reproduction);
    if (reproduction.result.interrupted) {
      const { location } = reproduction.result;
      output.warn(`interrupted and saved; go on with: fovea train --resume ${location}`);
      process.exitCode = stop.exitCode ?? 130;
      return;
    }
  }
  output.live.clear();
  report(recipe, done, changes(recipe, quick, given), output);
}

/** What keeps the figure from being one for the book's settings, in words. */
function changes(recipe: BookRecipe, quick: boolean, given: TrainOptions): string | undefined {
  const settings = { ...(quick ? recipe.quick : {}), ...given };
  const epochs = settings.epochs ?? recipe.options.epochs;
  const parts = [
    ...(epochs === recipe.options.epochs ? [] : [`${epochs} of ${recipe.options.epochs} epochs`]),
    ...(settings.subset === undefined
      ? []
      : [`${grouped(settings.subset)} training images of each class`]),
    ...(settings.data === undefined || settings.data === recipe.options.data
      ? []
      : [`${settings.data} for ${recipe.options.data}`]),
  ];
  return parts.length === 0 ? undefined : parts.join(', ');
}

function report(
  recipe: BookRecipe,
  done: readonly Reproduction[],
  changed: string | undefined,
  output: Output,
): void {
  const accuracies = done.map(({ result }) => result.last?.testAccuracy ?? Number.NaN);
  const mean = accuracies.reduce((sum, accuracy) => sum + accuracy, 0) / accuracies.length;
  const { book } = recipe;
  output.table(
    [
      { title: recipe.title, shrink: true },
      { title: 'test accuracy', align: 'right' },
      { title: 'train accuracy', align: 'right' },
      { title: 'train loss', align: 'right' },
      { title: 'epochs', align: 'right' },
      { title: 'time', align: 'right' },
    ],
    [
      ...done.map(({ result: { last, epochs, seconds }, seed, failed }) => [
        `seed ${seed}${failed.length > 0 ? ` (${failed.map((one) => one.seed).join(', ')} failed)` : ''}`,
        percent(last?.testAccuracy ?? Number.NaN),
        percent(last?.trainAccuracy ?? Number.NaN),
        decimal(last?.trainLoss ?? Number.NaN),
        String(epochs),
        clock(seconds),
      ]),
      ...(done.length > 1 ? [['mean', percent(mean), '', '', '', '']] : []),
      ['the book', `${percent(book.median)} [${bandText(book)}]`, '', '', '10', ''],
    ],
  );
  const verdict = changed === undefined ? place(mean, book) : `not the book's settings: ${changed}`;
  output.say(`\n${output.style('bold', percent(mean))}: ${verdict}`);
  for (const { result } of done) output.say(`run folder ${result.location}`);
  output.json({
    recipe: recipe.name,
    accuracy: mean,
    book,
    changed: changed ?? null,
    runs: done.map(({ result, seed, failed }) => ({
      seed,
      failed,
      run: result.location,
      engine: result.engine,
      epochs: result.epochs,
      accuracy: result.last?.testAccuracy ?? null,
      trainAccuracy: result.last?.trainAccuracy ?? null,
      trainLoss: result.last?.trainLoss ?? null,
      diverged: result.diverged ?? null,
      seconds: result.seconds,
    })),
  });
}

const bandText = ({ band: [low, high] }: BookFigure): string => `${percent(low)}–${percent(high)}`;

function place(accuracy: number, book: BookFigure): string {
  const [low, high] = book.band;
  const builds = `${book.builds} builds of the book`;
  if (accuracy > high) return `above the 10–90 % band of ${builds}`;
  return `${accuracy < low ? 'below' : 'within'} the 10–90 % band of ${builds}`;
}
