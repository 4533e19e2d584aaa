import { UsageError } from '../graph/errors.ts';
import { didYouMean } from '../graph/suggest.ts';

/** One option of a transform: documentation, command line and checks are derived from it. */
export interface Option<Out, In = Out> {
  readonly doc: string;
  /** What may be given, for people: `number 0 … 1`. */
  readonly type: string;
  /** Absent when the option must be given. */
  readonly default?: In;
  /** The value in its one normal form, or what is wrong with it. */
  parse(value: In): Out | Wrong;
}

export interface RequiredOption<Out, In = Out> extends Option<Out, In> {
  readonly required: true;
}

/** Says which rule a value breaks: "must lie in 0 … 1". */
export interface Wrong {
  readonly wrong: string;
}

// biome-ignore lint/suspicious/noExplicitAny: any option, whatever its value
export type OptionSpecs = Readonly<Record<string, Option<any, any>>>;

type InOf<O> = O extends Option<infer _, infer In> ? In : never;
type OutOf<O> = O extends Option<infer Out, infer _> ? Out : never;
type RequiredKeys<S> = {
  [K in keyof S]: S[K] extends { required: true } ? K : never;
}[keyof S];

/** What the user gives. */
export type OptionsIn<S extends OptionSpecs> = {
  readonly [K in RequiredKeys<S>]: InOf<S[K]>;
} & { readonly [K in Exclude<keyof S, RequiredKeys<S>>]?: InOf<S[K]> | undefined };

/** What the transform sees. */
export type OptionsOut<S extends OptionSpecs> = { readonly [K in keyof S]: OutOf<S[K]> };

/**
 * Fills in the defaults and checks every value.
 *
 * @throws UsageError naming the transform and the option
 */
export function parseOptions<S extends OptionSpecs>(
  name: string,
  specs: S,
  given: Readonly<Record<string, unknown>>,
): OptionsOut<S> {
  for (const key of Object.keys(given)) {
    if (!Object.hasOwn(specs, key)) {
      throw new UsageError(`${name}: no option "${key}"${didYouMean(key, Object.keys(specs))}`);
    }
  }
  const entries = Object.entries(specs).map(([key, option]) => {
    const value = given[key] === undefined ? option.default : given[key];
    if (value === undefined && !('default' in option)) {
      throw new UsageError(`${name}: ${key} must be given (${option.type}): ${option.doc}`);
    }
    const parsed = option.parse(value);
    if (isWrong(parsed)) {
      throw new UsageError(`${name}: ${key} ${parsed.wrong} (it is ${JSON.stringify(value)})`);
    }
    return [key, parsed];
  });
  return Object.fromEntries(entries) as OptionsOut<S>;
}

const isWrong = (value: unknown): value is Wrong =>
  typeof value === 'object' && value !== null && 'wrong' in value;

const finite = (value: unknown): value is number =>
  typeof value === 'number' && Number.isFinite(value);

/** Bounds, both included. */
export interface Limits {
  readonly min?: number;
  readonly max?: number;
}

function limitsText({ min, max }: Limits): string {
  if (min !== undefined && max !== undefined) return `${min} … ${max}`;
  return min !== undefined ? `>= ${min}` : max !== undefined ? `<= ${max}` : '';
}

const within = (value: number, { min = -Infinity, max = Infinity }: Limits) =>
  value >= min && value <= max;

type Made<Out, In, D> = D extends undefined ? RequiredOption<Out, In> : Option<Out, In>;

function make<Out, In, D extends In | undefined>(
  doc: string,
  type: string,
  value: D,
  parse: (value: In) => Out | Wrong,
): Made<Out, In, D> {
  const rest = value === undefined ? { required: true } : { default: value };
  return { doc, type: type.trim(), parse, ...rest } as unknown as Made<Out, In, D>;
}

/** A number; without a default it must be given. */
export function number<D extends number | undefined>(doc: string, value: D, limits: Limits = {}) {
  const text = limitsText(limits);
  return make<number, number, D>(doc, `number ${text}`, value, (given) =>
    finite(given) && within(given, limits) ? given : { wrong: `must be a number ${text}`.trim() },
  );
}

export function integer<D extends number | undefined>(doc: string, value: D, limits: Limits = {}) {
  const text = limitsText(limits);
  return make<number, number, D>(doc, `integer ${text}`, value, (given) =>
    Number.isSafeInteger(given) && within(given, limits)
      ? given
      : { wrong: `must be a whole number ${text}`.trim() },
  );
}

/** The probability that the transform is applied: what an option `p` made with this says. */
export const probability = (value = 0.5) => ({
  ...number('Probability of being applied.', value, { min: 0, max: 1 }),
  applies: true as const,
});

export function boolean(doc: string, value: boolean) {
  return make<boolean, boolean, boolean>(doc, 'true | false', value, (given) =>
    typeof given === 'boolean' ? given : { wrong: 'must be true or false' },
  );
}

export function choice<T extends string | number, D extends T | undefined>(
  doc: string,
  choices: readonly T[],
  value: D,
) {
  return make<T, T, D>(doc, choices.join(' | '), value, (given) =>
    choices.includes(given)
      ? given
      : {
          wrong: `must be one of ${choices.join(', ')}${didYouMean(String(given), choices.map(String))}`,
        },
  );
}

export type Pair = readonly [number, number];

/** Two numbers, the first not above the second. */
export function range<D extends Pair | undefined>(doc: string, value: D, limits: Limits = {}) {
  const text = limitsText(limits);
  return make<Pair, Pair, D>(doc, `[low, high] ${text}`, value, (given) =>
    isPair(given) && given[0] <= given[1] && given.every((x) => within(x, limits))
      ? given
      : { wrong: `must be two rising numbers ${text}`.trim() },
  );
}

const isPair = (value: unknown): value is Pair =>
  Array.isArray(value) && value.length === 2 && value.every(finite);

/** A number n for the range centre − n … centre + n, cut to the limits, or the range itself. */
export function spread<D extends number | Pair | null | undefined>(
  doc: string,
  value: D,
  centre: number,
  limits: Limits = {},
) {
  const { min = -Infinity } = limits;
  return make<Pair | null, number | Pair | null, D>(
    doc,
    `number | [low, high] ${limitsText(limits)} | null`,
    value,
    (given) => {
      if (given === null) return null;
      const wrong = { wrong: `must be a number >= 0, or two rising numbers ${limitsText(limits)}` };
      if (finite(given)) {
        if (given < 0) return wrong;
        // A range around 1 that reaches below 0 is cut; one around 0 must fit as it is.
        const low = centre === 0 ? -given : Math.max(min, centre - given);
        given = [low, centre + given];
      }
      return isPair(given) && given[0] <= given[1] && given.every((x) => within(x, limits))
        ? given
        : wrong;
    },
  );
}

/** A number for both, or one for each axis. */
export function pair<D extends number | Pair | undefined>(
  doc: string,
  value: D,
  limits: Limits = {},
) {
  const text = limitsText(limits);
  return make<Pair, number | Pair, D>(doc, `number | [a, b] ${text}`, value, (given) => {
    const both: unknown = finite(given) ? [given, given] : given;
    return isPair(both) && both.every((x) => within(x, limits))
      ? both
      : { wrong: `must be one or two numbers ${text}`.trim() };
  });
}

const isWhole = (value: unknown): value is number => Number.isSafeInteger(value);

/** Most pixels of a side of a result: more is a slip of the pen, and no memory holds it. */
export const MAX_SIDE = 16384;

const isSide = (value: unknown): value is number =>
  isWhole(value) && value >= 1 && value <= MAX_SIDE;

/** Height and width in pixels, or one number for both. */
export function size(doc: string) {
  return make<Pair, number | Pair, undefined>(
    doc,
    'pixels | [height, width]',
    undefined,
    (given) => {
      const both: unknown = isWhole(given) ? [given, given] : given;
      return isPair(both) && both.every(isSide)
        ? both
        : { wrong: `must be whole pixels 1 … ${MAX_SIDE}, or [height, width]` };
    },
  );
}

/** The shorter side, [height, width], or null. */
export function shortOrSize(doc: string) {
  type Given = number | Pair | null;
  return make<Given, Given, undefined>(
    doc,
    'pixels | [height, width] | null',
    undefined,
    (given) =>
      given === null || isSide(given) || (isPair(given) && given.every(isSide))
        ? given
        : { wrong: `must be whole pixels 1 … ${MAX_SIDE}, [height, width], or null` },
  );
}

/** One whole number or several to choose from. */
export function integerOrList(doc: string, limits: Limits) {
  type Given = number | readonly number[];
  const text = limitsText(limits);
  return make<readonly number[], Given, undefined>(
    doc,
    `integer ${text} | list of them`,
    undefined,
    (given) => {
      const list: unknown = isWhole(given) ? [given] : given;
      return Array.isArray(list) &&
        list.length > 0 &&
        list.every((x) => isWhole(x) && within(x, limits))
        ? list
        : { wrong: `must be one or more whole numbers ${text}` };
    },
  );
}

/** Degrees: n for −n … n, or the range itself. */
export function angles<D extends number | Pair | undefined>(doc: string, value: D) {
  return make<Pair, number | Pair, D>(doc, 'number >= 0 | [low, high]', value, (given) => {
    const both: unknown = finite(given) && given >= 0 ? [-given, given] : given;
    return isPair(both) && both[0] <= both[1]
      ? both
      : { wrong: 'must be degrees >= 0, or two rising numbers' };
  });
}

/** Degrees of shear along x, or along x and y. */
export function shears(doc: string) {
  type Given = number | readonly number[] | null;
  return make<readonly [Pair, Pair] | null, Given, null>(
    doc,
    'number >= 0 | [x low, x high] | [x low, x high, y low, y high] | null',
    null,
    (given) => {
      if (given === null) return null;
      const list = finite(given) && given >= 0 ? [-given, given] : given;
      const wrong = { wrong: 'must be degrees >= 0, or two or four rising numbers' };
      if (!Array.isArray(list) || !list.every(finite)) return wrong;
      const [a, b, c = 0, d = 0] = list as number[];
      const lengths = list.length === 2 || list.length === 4;
      return lengths && a! <= b! && c <= d
        ? [
            [a!, b!],
            [c, d],
          ]
        : wrong;
    },
  );
}

/** A list of numbers, or null when absent. */
export function optionalList(doc: string, lengths: readonly number[], limits: Limits = {}) {
  return make<readonly number[] | null, readonly number[] | null, null>(
    doc,
    `list of ${lengths.join(' or ')} numbers ${limitsText(limits)} | null`,
    null,
    (given) =>
      given === null ||
      (Array.isArray(given) &&
        lengths.includes(given.length) &&
        given.every((x) => finite(x) && within(x, limits)))
        ? given
        : { wrong: `must be null or ${lengths.join(' or ')} numbers ${limitsText(limits)}`.trim() },
  );
}

/** A whole number, or null when absent. */
export function optionalInteger(doc: string, limits: Limits) {
  return make<number | null, number | null, null>(
    doc,
    `integer ${limitsText(limits)} | null`,
    null,
    (given) =>
      given === null || (isWhole(given) && within(given, limits))
        ? given
        : { wrong: `must be null or a whole number ${limitsText(limits)}` },
  );
}

/** One value or one per channel, 0 … 255. */
export function fill(value: number | readonly number[] = 0) {
  return make<readonly number[], number | readonly number[], number | readonly number[]>(
    'What comes in from outside: one value, or one per channel.',
    'number | [r, g, b] 0 … 255',
    value,
    (given) => {
      const list = finite(given) ? [given] : given;
      return Array.isArray(list) &&
        (list.length === 1 || list.length === 3) &&
        list.every((x) => finite(x) && x >= 0 && x <= 255)
        ? list
        : { wrong: 'must be one or three numbers 0 … 255' };
    },
  );
}

/** Edges to add: one for all, [left and right, top and bottom], or [left, top, right, bottom]. */
export function padding<D extends number | readonly number[] | null | undefined>(
  doc: string,
  value: D,
) {
  type Sides = readonly [left: number, top: number, right: number, bottom: number];
  return make<Sides | null, number | readonly number[] | null, D>(
    doc,
    'pixels | [x, y] | [left, top, right, bottom]',
    value,
    (given) => {
      if (given === null) return null;
      const list = finite(given) ? [given] : given;
      const wrong = { wrong: `must be 1, 2 or 4 whole numbers 0 … ${MAX_SIDE}` };
      if (
        !Array.isArray(list) ||
        !list.every((x) => isWhole(x) && within(x, { min: 0, max: MAX_SIDE }))
      )
        return wrong;
      const [a, b, c, d] = list;
      if (list.length === 1) return [a, a, a, a];
      if (list.length === 2) return [a, b, a, b];
      return list.length === 4 ? [a, b, c, d] : wrong;
    },
  );
}

/** Odd whole numbers for x and y, or one for both. */
export function kernelSize(doc: string) {
  return make<Pair, number | Pair, undefined>(doc, 'odd integer | [x, y]', undefined, (given) => {
    const both: unknown = isWhole(given) ? [given, given] : given;
    return isPair(both) && both.every((x) => isWhole(x) && x > 0 && x % 2 === 1)
      ? both
      : { wrong: 'must be one or two odd whole numbers' };
  });
}

/** A range of whole numbers, or one. */
export function integers(doc: string, limits: Limits) {
  const text = limitsText(limits);
  return make<Pair, number | Pair, undefined>(
    doc,
    `integer ${text} | [low, high]`,
    undefined,
    (given) => {
      const both: unknown = isWhole(given) ? [given, given] : given;
      return isPair(both) &&
        both[0] <= both[1] &&
        both.every((x) => isWhole(x) && within(x, limits))
        ? both
        : { wrong: `must be one or two rising whole numbers ${text}` };
    },
  );
}

/** A fill, or "random". */
export function values(doc: string, value: number) {
  type Given = number | readonly number[] | 'random';
  const plain = fill(value);
  return make<readonly number[] | 'random', Given, Given>(
    doc,
    `${plain.type} | random`,
    value,
    (given) => (given === 'random' ? given : plain.parse(given)),
  );
}
