import type { Command } from 'commander';

/** What the file of a command exports. */
export interface CommandModule {
  /** Adds arguments, options and the action. */
  define(command: Command): void;
}

export interface CommandRow {
  readonly name: string;
  readonly summary: string;
  readonly load: () => Promise<CommandModule>;
}

/** Every command, in the order of help. Only the file of the one that is asked for is loaded. */
export const commands: readonly CommandRow[] = [
  {
    name: 'train',
    summary: 'train a network, or go on with a run',
    load: () => import('./commands/train.ts'),
  },
  {
    name: 'eval',
    summary: 'test a trained network on a dataset',
    load: () => import('./commands/eval.ts'),
  },
  {
    name: 'predict',
    summary: 'classify images with a trained network',
    load: () => import('./commands/predict.ts'),
  },
  {
    name: 'reproduce',
    summary: 'train as the book does, and set our figure beside its own',
    load: () => import('./commands/reproduce.ts'),
  },
  {
    name: 'summary',
    summary: 'show the layers of a network, their sizes and costs',
    load: () => import('./commands/summary.ts'),
  },
  {
    name: 'profile',
    summary: 'show where the time of a network goes, step by step',
    load: () => import('./commands/profile.ts'),
  },
  {
    name: 'study',
    summary: 'show an effect of the notes with a picture and figures',
    load: () => import('./commands/study.ts'),
  },
  {
    name: 'bench',
    summary: 'measure how fast a network trains or runs here, engine by engine',
    load: () => import('./commands/bench.ts'),
  },
  {
    name: 'compare',
    summary: 'compare networks: size, compute, memory, speed here',
    load: () => import('./commands/compare.ts'),
  },
  {
    name: 'models',
    summary: 'list the networks that have a name',
    load: () => import('./commands/models.ts'),
  },
  {
    name: 'datasets',
    summary: 'list the datasets that have a name',
    load: () => import('./commands/datasets.ts'),
  },
  {
    name: 'check',
    summary: 'look for damaged, doubled and mislabelled images in a dataset',
    load: () => import('./commands/check.ts'),
  },
  {
    name: 'augment',
    summary: 'draw what an augmentation policy makes of an image',
    load: () => import('./commands/augment.ts'),
  },
  {
    name: 'engines',
    summary: 'list the engines and whether they work here',
    load: () => import('./commands/engines.ts'),
  },
];
