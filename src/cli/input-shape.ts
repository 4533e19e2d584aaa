import type { Command } from 'commander';
import { UsageError } from '../graph/errors.ts';
import { type ModelOptions, modelEntry } from '../models/index.ts';
import { wholeNumber } from './options.ts';

/** Options of the commands that look at networks without data. */
export interface NetworkFlags {
  readonly input?: readonly [channels: number, size: number];
  readonly classes?: number;
  readonly modelOptions?: ModelOptions;
}

/** Adds --input and --classes. */
export const addInputOptions = (command: Command): Command =>
  command
    .option('--input <shape>', 'channels, height and width, such as 1x28x28', parseInput)
    .option('--classes <n>', 'number of classes', wholeNumber('--classes', 1));

/** What the flags say of a network, for `model`; and its input, the network's own if not given. */
export function networkOptions(
  name: string,
  { input, classes, modelOptions }: NetworkFlags,
): { readonly options: ModelOptions; readonly channels: number; readonly size: number } {
  const options = {
    ...modelOptions,
    ...(input === undefined ? {} : { channels: input[0], size: input[1] }),
    ...(classes === undefined ? {} : { classes }),
  };
  const { channels, size } = { ...modelEntry(name).options, ...options };
  return { options, channels, size };
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

/** A list of words separated by commas. */
export function wordList(flag: string): (text: string) => readonly string[] {
  return (text) => {
    const words = text.split(',').map((word) => word.trim());
    if (words.includes('')) {
      throw new UsageError(`${flag} takes names separated by commas (it is "${text}")`);
    }
    return words;
  };
}
