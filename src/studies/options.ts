import { UsageError } from '../graph/index.ts';

export interface StudyOption<T extends number | readonly number[] = number | readonly number[]> {
  readonly description: string;
  readonly default: T;
  /** What `--quick` makes of the default. */
  readonly quick: T;
  readonly least: number;
  readonly whole: boolean;
}

interface Limits<T> {
  readonly quick?: T;
  readonly least?: number;
}

const option =
  (whole: boolean) =>
  <T extends number | readonly number[]>(
    description: string,
    value: T,
    { quick = value, least = whole ? 1 : 0 }: Limits<T>,
  ): StudyOption<T> => ({ description, default: value, quick, least, whole });

const [wholeOption, realOption] = [option(true), option(false)];

/** A whole number, 1 or more unless told. */
export const count = (description: string, value: number, limits: Limits<number> = {}) =>
  wholeOption(description, value, limits);
/** Whole numbers, 1 or more unless told. */
export const counts = (
  description: string,
  value: readonly number[],
  limits: Limits<readonly number[]> = {},
) => wholeOption(description, value, limits);
/** A number, 0 or more unless told. */
export const real = (description: string, value: number, limits: Limits<number> = {}) =>
  realOption(description, value, limits);
/** Numbers, 0 or more unless told. */
export const reals = (
  description: string,
  value: readonly number[],
  limits: Limits<readonly number[]> = {},
) => realOption(description, value, limits);

/** `--train-size`. */
export const flagOf = (name: string): string =>
  `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

/**
 * Values of the options of a study: those given, else those of `--quick`, else the defaults.
 *
 * @throws UsageError for a value out of range
 */
export function studyValues(
  options: Readonly<Record<string, StudyOption>>,
  given: Readonly<Record<string, unknown>>,
  quick: boolean,
): Record<string, number | readonly number[]> {
  return Object.fromEntries(
    Object.entries(options).map(([name, declared]) => {
      const value = given[name] ?? (quick ? declared.quick : declared.default);
      return [name, checked(name, declared, value as number | readonly number[])];
    }),
  );
}

function checked<T extends number | readonly number[]>(
  name: string,
  { least, whole }: StudyOption,
  value: T,
): T {
  const list: readonly number[] = typeof value === 'number' ? [value] : value;
  const fits = (n: number) => n >= least && (whole ? Number.isSafeInteger(n) : Number.isFinite(n));
  if (list.every(fits)) return value;
  const what = typeof value === 'number' ? 'a' : 'a list, each a';
  throw new UsageError(
    `${flagOf(name)} must be ${what} ${whole ? 'whole ' : ''}number, ${least} or more (it is ${list.join(',')})`,
  );
}
