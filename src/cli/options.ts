import { type Command, Option } from 'commander';
import { UsageError } from '../graph/errors.ts';
import { didYouMean } from '../graph/suggest.ts';
import { type ConfigOption, configOptions, type OptionName, parseOption } from '../train/config.ts';

/** Adds the flags of a training run, all of them or those named; nothing has a default here. */
export function addConfigOptions(command: Command, names?: readonly OptionName[]): Command {
  const wanted = names?.map((name) => configOptions.find((option) => option.name === name)!);
  for (const option of wanted ?? configOptions) {
    const value = option.kind === 'switch' ? '' : ` ${placeholder(option)}`;
    const flag = new Option(`${option.flag}${value}`, describe(option, names === undefined));
    if (option.kind !== 'switch') {
      flag.argParser((text: string, earlier: unknown) => parseFlag(option, text, earlier));
    }
    command.addOption(flag);
    // A configuration file may have switched it on.
    if (option.kind === 'switch') {
      command.addOption(new Option(`--no-${option.flag.slice(2)}`).hideHelp());
    }
  }
  return command;
}

/** The options of a training run among the flags of a command, only those that were given. */
export const configFlags = (flags: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(
    configOptions
      .filter(({ name }) => flags[name] !== undefined)
      .map(({ name }) => [name, flags[name]]),
  );

const texts: Partial<Record<OptionName, string>> = {
  data: '<name or path>',
  dataDir: '<folder>',
  out: '<folder>',
  augment: '<policy>',
  classWeights: '<name=value,…>',
  cache: '<bytes>',
};

function placeholder({ name, kind }: ConfigOption): string {
  if (kind === 'pairs') return '<name=value,…>';
  if (kind === 'list') return '<n,n,…>';
  if (kind === 'number') return '<n>';
  return texts[name] ?? '<name>';
}

function describe({ description, choices, default: value }: ConfigOption, withDefault: boolean) {
  const list = choices === undefined ? '' : `: ${choices.join(', ')}`;
  const plain = ['string', 'number'].includes(typeof value);
  return `${description}${list}${plain && withDefault ? ` (default: ${value})` : ''}`;
}

function parseFlag(option: ConfigOption, text: string, earlier: unknown): unknown {
  // More epochs for a run that is gone on with; `resume` takes it as it is.
  if (option.name === 'epochs' && /^\+\d+$/.test(text)) return text;
  const { flag, choices, kind } = option;
  if (choices !== undefined && !choices.includes(text)) {
    throw new UsageError(
      `${flag} must be one of ${choices.join(', ')} (it is "${text}")${didYouMean(text, choices)}`,
    );
  }
  const value = parseOption(option, text);
  return kind === 'pairs' ? { ...(earlier as object | undefined), ...(value as object) } : value;
}

/** A parser of whole numbers from `least` on, for flags that are no training options. */
export const wholeNumber =
  (flag: string, least: number) =>
  (text: string): number => {
    const value = Number(text);
    if (text.trim() === '' || !Number.isSafeInteger(value) || value < least) {
      throw new UsageError(`${flag} must be a whole number, ${least} or more (it is "${text}")`);
    }
    return value;
  };

/** A parser of one of a few words. */
export const oneOf =
  <T extends string>(flag: string, choices: readonly T[]) =>
  (text: string): T => {
    const found = choices.find((choice) => choice === text);
    if (found !== undefined) return found;
    throw new UsageError(
      `${flag} must be one of ${choices.join(', ')} (it is "${text}")${didYouMean(text, choices)}`,
    );
  };
