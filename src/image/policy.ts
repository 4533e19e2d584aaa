// Augmentation policies as a command line or a configuration has them: a list of transforms by name.

import { UsageError } from '../graph/errors.ts';
import { didYouMean } from '../graph/suggest.ts';
import { type CatalogueEntry, transforms } from './catalogue.ts';
import type { Transform } from './define-transform.ts';
import type { Size } from './image.ts';
import { type Call, isCall, parseCalls } from './policy-text.ts';
import { type Batch, cutMix, mixUp } from './transforms/batch.ts';
import { compose, identity, randomApply, randomChoice, randomOrder } from './transforms/compose.ts';

type Options = Readonly<Record<string, unknown>>;

/** One step of a policy. Plain JSON; options that are not given have their defaults. */
export interface PolicyStep {
  /** Of a transform: `randomHorizontalFlip`. */
  readonly name: string;
  readonly options: Options;
}

/** A transform of a whole batch: images after normalising, and the probabilities of their classes. */
export type BatchTransform = Transform<Batch, Batch>;

export interface Policy {
  /** All steps that change one sample, in turn. */
  readonly sample: Transform;
  /** Steps that mix the samples of a batch: one of them for each batch. */
  readonly batch: readonly BatchTransform[];
}

interface ShortName {
  readonly name: string;
  /**
   * Values when nothing is given in parentheses. When something is, they only stand in for options
   * that must be given.
   */
  readonly options: Options;
}

const short = (name: string, options: Options = {}): ShortName => ({ name, options });

/** Short names. Names are compared without regard to case and underscores. */
export const SHORT_NAMES: Readonly<Record<string, ShortName>> = {
  flip: short('randomHorizontalFlip'),
  horizontalFlip: short('randomHorizontalFlip'),
  verticalFlip: short('randomVerticalFlip'),
  crop: short('randomResizedCrop'),
  // He et al. 2016, section 4.2, for images of 32 × 32.
  padCrop: short('randomCrop', { padding: 4 }),
  zoomOut: short('randomZoomOut'),
  iouCrop: short('randomIoUCrop'),
  rotate: short('randomRotation', { degrees: 15 }),
  rotation: short('randomRotation', { degrees: 15 }),
  affine: short('randomAffine', {
    degrees: 10,
    translate: [0.1, 0.1],
    scale: [0.9, 1.1],
    shear: 5,
  }),
  perspective: short('randomPerspective'),
  elastic: short('elasticTransform'),
  color: short('colorJitter', { brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.1 }),
  colour: short('colorJitter', { brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.1 }),
  gray: short('randomGrayscale'),
  grey: short('randomGrayscale'),
  photometric: short('randomPhotometricDistort'),
  channels: short('randomChannelPermutation'),
  sharpness: short('randomAdjustSharpness', { sharpnessFactor: 2 }),
  autocontrast: short('randomAutocontrast'),
  equalize: short('randomEqualize'),
  invert: short('randomInvert'),
  posterize: short('randomPosterize', { bits: 4 }),
  solarize: short('randomSolarize', { threshold: 128 }),
  blur: short('gaussianBlur', { kernelSize: 5 }),
  noise: short('gaussianNoise'),
  jpeg: short('jpeg', { quality: [30, 95] }),
  erase: short('randomErasing'),
  cutout: short('randomErasing'),
  trivialAugment: short('trivialAugmentWide'),
  apply: short('randomApply'),
  choice: short('randomChoice'),
  order: short('randomOrder'),
};

interface Composite {
  readonly doc: string;
  readonly options: readonly {
    readonly name: string;
    readonly type: string;
    readonly doc: string;
  }[];
  readonly make: (parts: readonly Transform[], options: Options) => Transform;
}

/** Steps that are made of others: `apply(flip, color, p=0.3)`. */
const composites: ReadonlyMap<string, Composite> = new Map<string, Composite>([
  [
    'compose',
    { doc: 'All of its transforms in turn.', options: [], make: (parts) => compose(parts) },
  ],
  [
    'randomApply',
    {
      doc: 'All of its transforms in turn, or none.',
      options: [{ name: 'p', type: 'number 0 … 1', doc: 'Probability of being applied.' }],
      make: (parts, { p }) => randomApply(parts, p as number | undefined),
    },
  ],
  [
    'randomChoice',
    {
      doc: 'One of its transforms.',
      options: [{ name: 'p', type: 'list of numbers >= 0', doc: 'Weight of each; all equal.' }],
      make: (parts, { p }) => randomChoice(parts, p as number[] | undefined),
    },
  ],
  [
    'randomOrder',
    {
      doc: 'All of its transforms in random order.',
      options: [],
      make: (parts) => randomOrder(parts),
    },
  ],
]);

type BatchMaker = ((options?: Options) => BatchTransform) & Pick<CatalogueEntry, 'spec'>;

/** By name: the transforms of a whole batch. */
const batchTransforms: ReadonlyMap<string, BatchMaker> = new Map(
  ([mixUp, cutMix] as unknown as readonly BatchMaker[]).map((maker) => [maker.spec.name, maker]),
);

const plain = (name: string): string => name.replaceAll('_', '').toLowerCase();

/** The one of `known` that is `name` but for case and underscores. */
const find = (name: string, known: Iterable<string>): string | undefined =>
  [...known].find((candidate) => plain(candidate) === plain(name));

const fullNames = [...transforms.keys(), ...batchTransforms.keys(), ...composites.keys()];

/**
 * The steps of a policy: names of transforms, full or short, with options in parentheses, as
 * `name=value`, in the order of the manual, or as JSON:
 * `flip, RandomResizedCrop(200, scale=[0.1, 1]), apply(color, p=0.3), mixup`.
 *
 * @param policy text, or a list of texts and steps as a configuration file may have it
 * @throws UsageError for an unknown name, options that are wrong, or text that is no policy
 */
export function parsePolicy(
  policy: string | readonly (string | Partial<PolicyStep>)[],
): PolicyStep[] {
  const steps =
    typeof policy === 'string'
      ? parseCalls(policy).map(stepOf)
      : policy.flatMap((part) => (typeof part === 'string' ? parsePolicy(part) : [checked(part)]));
  // Builds it for nothing but its complaints; the size of the images is not known yet.
  buildPolicy(steps, { size: [1, 1] });
  return steps;
}

/** A step of a configuration file. */
function checked({ name, options = {} }: Partial<PolicyStep>): PolicyStep {
  if (typeof name !== 'string' || typeof options !== 'object' || options === null) {
    throw new UsageError(
      `policy: a step must be text or { name, options } (it is ${JSON.stringify({ name, options })})`,
    );
  }
  return stepOf({ call: name, values: [], options });
}

function stepOf({ call, values, options: named }: Call): PolicyStep {
  const shortName = find(call, Object.keys(SHORT_NAMES));
  const from = shortName === undefined ? undefined : SHORT_NAMES[shortName]!;
  const name = from?.name ?? find(call, fullNames);
  if (name === undefined) {
    const known = [...Object.keys(SHORT_NAMES), ...fullNames];
    throw new UsageError(
      `policy: no transform "${call}"${didYouMean(call, known)}; "fovea augment --list" shows all`,
    );
  }
  if (composites.has(name)) return compositeStep(name, values, named);
  const { spec } = (batchTransforms.get(name) ?? transforms.get(name))!;
  const keys = Object.keys(spec.options);
  if (values.length > keys.length) {
    throw new UsageError(
      `policy: ${name} takes ${keys.length} values (there are ${values.length})`,
    );
  }
  const given = new Map<string, unknown>();
  const put = (key: string, value: unknown) => {
    if (isCall(value)) throw new UsageError(`policy: ${name} takes no transforms (${value.call})`);
    if (given.has(key)) throw new UsageError(`policy: ${name}: ${key} is given twice`);
    given.set(key, value);
  };
  for (const [i, value] of values.entries()) put(keys[i]!, value);
  for (const [key, value] of Object.entries(named)) put(find(key, keys) ?? key, value);
  const extra = Object.entries(from?.options ?? {}).filter(
    ([key]) => given.size === 0 || (!given.has(key) && !('default' in spec.options[key]!)),
  );
  return { name, options: Object.fromEntries([...extra, ...given]) };
}

function compositeStep(name: string, values: readonly unknown[], named: Options): PolicyStep {
  const { transforms: listed = [], ...options } = named;
  for (const key of Object.keys(options)) {
    const known = composites.get(name)!.options.map((option) => option.name);
    if (!known.includes(key)) {
      throw new UsageError(`policy: ${name}: no option "${key}"${didYouMean(key, known)}`);
    }
  }
  const parts = [values, listed].flat(3).map((part) => {
    if (typeof part === 'string') return stepOf({ call: part, values: [], options: {} });
    if (isCall(part)) return stepOf(part);
    if (typeof part === 'object' && part !== null) return checked(part as Partial<PolicyStep>);
    throw new UsageError(`policy: ${name} takes transforms (it has ${JSON.stringify(part)})`);
  });
  return { name, options: { transforms: parts, ...options } };
}

export interface PolicyContext {
  /** [height, width] that the network takes: the result's size where a step does not say its own. */
  readonly size?: Size;
}

/**
 * The transforms that a policy stands for.
 *
 * @throws UsageError for an unknown name, or options that are wrong
 */
export function buildPolicy(steps: readonly PolicyStep[], { size }: PolicyContext = {}): Policy {
  const build = ({ name, options }: PolicyStep): Transform => {
    const combine = composites.get(name)?.make;
    if (combine) {
      const { transforms: parts, ...rest } = options;
      return combine((parts as readonly PolicyStep[]).map(build), rest);
    }
    const maker = transforms.get(name);
    if (!maker) {
      const why = batchTransforms.has(name)
        ? 'mixes whole batches, and cannot stand inside of another step'
        : `is no transform${didYouMean(name, fullNames)}`;
      throw new UsageError(`policy: ${name} ${why}`);
    }
    const lacksSize = maker.spec.options.size && !('default' in maker.spec.options.size);
    return maker(lacksSize && size ? { size: [...size], ...options } : options);
  };
  const [mixing, single] = [true, false].map((kind) =>
    steps.filter(({ name }) => batchTransforms.has(name) === kind),
  ) as [PolicyStep[], PolicyStep[]];
  const parts = single.map(build);
  return {
    sample: parts.length === 0 ? identity() : parts.length === 1 ? parts[0]! : compose(parts),
    batch: mixing.map(({ name, options }) => batchTransforms.get(name)!(options)),
  };
}

/** A policy in one line, as `parsePolicy` reads it. */
export function policyText(steps: readonly PolicyStep[]): string {
  return steps
    .map(({ name, options: { transforms: parts = [], ...options } }) => {
      const inner = (parts as readonly PolicyStep[]).map((part) => policyText([part]));
      const given = Object.entries(options).map(
        ([key, value]) => `${key}=${JSON.stringify(value)}`,
      );
      const all = [...inner, ...given];
      return all.length === 0 ? name : `${name}(${all.join(', ')})`;
    })
    .join(', ');
}

export interface PolicyName {
  readonly name: string;
  readonly short: readonly string[];
  /** One sentence. */
  readonly doc: string;
  readonly options: readonly {
    readonly name: string;
    readonly type: string;
    readonly doc: string;
    readonly default?: unknown;
  }[];
}

/** Every transform that a policy may name, in the order of the manual. */
export function policyNames(): PolicyName[] {
  const single = [...transforms.values(), ...batchTransforms.values()].map(({ spec }) => ({
    name: spec.name,
    short: shortNamesOf(spec.name),
    doc: spec.doc,
    options: Object.entries(spec.options).map(([name, option]) => ({
      name,
      type: option.type,
      doc: option.doc,
      ...('default' in option ? { default: option.default } : {}),
    })),
  }));
  const combining = [...composites].map(([name, { doc, options }]) => ({
    name,
    short: shortNamesOf(name),
    doc,
    options,
  }));
  return [...single, ...combining];
}

const shortNamesOf = (name: string): string[] =>
  Object.keys(SHORT_NAMES).filter((key) => SHORT_NAMES[key]!.name === name && key !== name);
