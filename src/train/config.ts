import * as z from 'zod';
import { UsageError } from '../graph/errors.ts';
import { didYouMean } from '../graph/suggest.ts';

// The one declaration of everything that a training run can be told. Types, defaults, checks, the
// flags of the command line and its help all come from here.

const count = z.int().min(1);
const fraction = z.number().min(0).max(1);
const numbers = z.array(z.number()).min(1);

const shape = {
  model: z.string().default('lenet').describe('network, by name'),
  modelOptions: z
    .record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
    .default({})
    .describe("the network's own options, as name=value pairs"),
  init: z
    .enum(['default', 'xavierUniform', 'xavierNormal', 'kaimingUniform', 'kaimingNormal'])
    .optional()
    .describe("how weights start; the network's own way by default"),

  data: z
    .string()
    .default('fashion-mnist')
    .describe(
      'dataset by name, folder of images by class, or list of images (.csv, .json, .jsonl)',
    ),
  dataDir: z.string().optional().describe('folder to look for the dataset in first'),
  subset: count.optional().describe('use only the first n training samples of each class'),
  valFraction: fraction
    .optional()
    .describe('share of the training images held out for testing; 0.2 where data have none for it'),
  folds: z.int().min(2).optional().describe('divide the training images into n folds instead'),
  fold: z.int().min(0).optional().describe('the fold that tests, from 0; 0 by default'),
  size: count
    .optional()
    .describe('resize images to n × n pixels; 224 for photographs, as they are for others'),
  fit: z
    .enum(['crop', 'pad', 'squash'])
    .default('crop')
    .describe('how photographs of any shape become square'),
  normalize: z
    .union([
      z.enum(['none', 'dataset', 'imagenet']),
      z.strictObject({ mean: numbers, std: numbers }),
    ])
    .optional()
    .describe('mean and deviation to apply after scaling to 0 … 1; imagenet for photographs'),
  augment: z
    .union([
      z.string(),
      z.array(
        z.union([
          z.string(),
          z.strictObject({
            name: z.string(),
            options: z.record(z.string(), z.unknown()).default({}),
          }),
        ]),
      ),
    ])
    .optional()
    .describe('how training images vary: flip, crop, color(hue=0.2), mixup, …; or none'),
  shift: z.int().min(0).default(0).describe('as padCrop in augment: move by up to n pixels'),
  flip: fraction.default(0).describe('as flip(n) in augment: mirror with this probability'),
  sampler: z
    .enum(['shuffle', 'balanced'])
    .default('shuffle')
    .describe('balanced draws every class equally often'),
  classWeights: z
    .union([z.string(), z.record(z.string(), z.number().min(0))])
    .optional()
    .describe('of classes in the loss: balanced, or name=value pairs'),

  epochs: count.default(10).describe('passes over the training data'),
  batch: count.default(256).describe('samples per step; 32 for photographs'),
  accumulate: count.default(1).describe('batches whose gradients are averaged into one update'),
  lr: z.number().min(0).optional().describe('learning rate; 0.1 for sgd and 0.001 for the others'),
  optimizer: z.enum(['sgd', 'adam', 'adamw', 'rmsprop']).default('sgd').describe('update rule'),
  momentum: fraction.optional().describe('of sgd and rmsprop; 0 by default'),
  dampening: fraction.optional().describe('of sgd with momentum; 0 by default'),
  nesterov: z.boolean().optional().describe("Nesterov's momentum, of sgd"),
  weightDecay: z.number().min(0).optional().describe('0 by default, 0.01 for adamw'),
  beta1: fraction.optional().describe('of adam and adamw; 0.9 by default'),
  beta2: fraction.optional().describe('of adam and adamw; 0.999 by default'),
  alpha: fraction.optional().describe('smoothing of rmsprop; 0.99 by default'),
  epsilon: z.number().positive().optional().describe('of adam, adamw, rmsprop; 1e-8 by default'),
  centered: z.boolean().optional().describe('normalise by the variance, of rmsprop'),
  schedule: z
    .enum(['constant', 'step', 'multiStep', 'cosine', 'oneCycle', 'exponential'])
    .default('constant')
    .describe('how the learning rate changes'),
  warmup: z.number().min(0).default(0).describe('epochs in which the learning rate rises'),
  gamma: z.number().positive().optional().describe('factor of step, multiStep and exponential'),
  stepSize: count.optional().describe('epochs between the drops of step'),
  milestones: z.array(count).min(1).optional().describe('epochs after which multiStep drops'),
  minLr: z.number().min(0).optional().describe('where cosine ends; 0 by default'),
  clipNorm: z.number().positive().optional().describe('longest allowed gradient, over all weights'),
  clipValue: z.number().positive().optional().describe('largest allowed element of a gradient'),
  ema: fraction.optional().describe('decay of a running average of the weights, used for testing'),
  labelSmoothing: fraction.default(0).describe('share of a label spread over all classes'),

  seed: z.int().min(0).default(0).describe('decides weights, order, augmentation and dropout'),
  engine: z.string().default('auto').describe('what computes: auto, onednn, wasm or reference'),
  threads: count.optional().describe("engine's threads; as many as the machine has by default"),
  workers: z
    .int()
    .min(0)
    .optional()
    .describe('threads that decode and augment photographs; one a core, up to 4, by default'),
  cache: z
    .union([z.string(), z.number().min(0)])
    .default('512MB')
    .describe('memory for decoded photographs, such as 2GB; 0 for none'),
  precision: z
    .enum(['float32', 'bfloat16'])
    .default('float32')
    .describe('of the arithmetic; bfloat16 keeps weights, statistics and losses in float32'),

  out: z.string().optional().describe('run folder; a new one in runs/ by default'),
  overwrite: z.boolean().default(false).describe('replace a run that is already there'),
  evalEvery: count.default(1).describe('epochs between tests'),
  stuckEpochs: count.default(3).describe('epochs at chance level before a run counts as stuck'),
  stopOnDivergence: z.boolean().default(false).describe('stop when the loss is NaN or stuck'),
};

const schema = z.strictObject(shape);

/** What callers write: everything may be left out. */
export type TrainOptions = Readonly<z.input<typeof schema>>;
/** A complete configuration. Plain JSON. */
export type TrainConfig = Readonly<z.output<typeof schema>> & { readonly lr: number };
export type OptionName = keyof TrainConfig;

export interface ConfigOption {
  readonly name: OptionName;
  /** `--weight-decay`. */
  readonly flag: string;
  /**
   * What its flag takes: text, a number, nothing (a switch), one of `choices`, numbers separated by
   * commas, or `name=value` pairs separated by commas.
   */
  readonly kind: 'text' | 'number' | 'switch' | 'choice' | 'list' | 'pairs';
  readonly choices?: readonly string[];
  readonly default?: unknown;
  readonly description: string;
}

type Definition = z.core.$ZodTypeDef & {
  readonly innerType?: z.ZodType;
  readonly options?: readonly z.ZodType[];
};
const definition = (type: z.ZodType): Definition => type.def as Definition;

function unwrap(type: z.ZodType): z.ZodType {
  const { innerType, options } = definition(type);
  if (innerType !== undefined) return unwrap(innerType);
  return options === undefined ? type : unwrap(options[0]!);
}

const kinds: Record<string, ConfigOption['kind']> = {
  string: 'text',
  number: 'number',
  boolean: 'switch',
  enum: 'choice',
  array: 'list',
  record: 'pairs',
};

/** Every option, in the order of help. */
export const configOptions: readonly ConfigOption[] = Object.entries<z.ZodType>(shape).map(
  ([name, type]) => {
    const inner = unwrap(type);
    const fallback = type instanceof z.ZodDefault ? type.def.defaultValue : undefined;
    return {
      name: name as OptionName,
      flag: `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`,
      kind: kinds[inner.def.type]!,
      ...(inner instanceof z.ZodEnum ? { choices: inner.options.map(String) } : {}),
      ...(fallback === undefined ? {} : { default: fallback }),
      description: type.description!,
    };
  },
);

/**
 * The value of an option from the text of its flag.
 *
 * @throws UsageError when the text is of another kind
 */
export function parseOption(option: Pick<ConfigOption, 'flag' | 'kind'>, text: string): unknown {
  switch (option.kind) {
    case 'number':
      return parseNumber(option, text);
    case 'list':
      return text.split(',').map((part) => parseNumber(option, part));
    case 'pairs':
      return Object.fromEntries(text.split(',').map((pair) => parsePair(option, pair)));
    case 'switch':
      if (text === 'true' || text === 'false') return text === 'true';
      throw new UsageError(`${option.flag} is a switch: true or false (it is "${text}")`);
    default:
      return text;
  }
}

function parseNumber({ flag }: Pick<ConfigOption, 'flag'>, text: string): number {
  const value = Number(text);
  if (text.trim() === '' || Number.isNaN(value)) {
    throw new UsageError(`${flag} must be a number (it is "${text}")`);
  }
  return value;
}

function parsePair(
  { flag }: Pick<ConfigOption, 'flag'>,
  pair: string,
): [string, string | number | boolean] {
  const at = pair.indexOf('=');
  if (at < 1) throw new UsageError(`${flag} takes name=value pairs (it has "${pair}")`);
  const text = pair.slice(at + 1);
  const number = text.trim() === '' ? Number.NaN : Number(text);
  const literal = { true: true, false: false }[text] ?? (Number.isNaN(number) ? text : number);
  return [pair.slice(0, at), literal];
}

/** Options of one optimiser or schedule that mean nothing to another. */
const belongsTo: Partial<Record<OptionName, readonly string[]>> = {
  momentum: ['sgd', 'rmsprop'],
  dampening: ['sgd'],
  nesterov: ['sgd'],
  beta1: ['adam', 'adamw'],
  beta2: ['adam', 'adamw'],
  alpha: ['rmsprop'],
  epsilon: ['adam', 'adamw', 'rmsprop'],
  centered: ['rmsprop'],
  gamma: ['step', 'multiStep', 'exponential'],
  stepSize: ['step'],
  milestones: ['multiStep'],
  minLr: ['cosine'],
};

/**
 * A complete configuration from layers of options, of which later ones win; `undefined` is as good
 * as left out.
 *
 * @throws UsageError for an unknown option, with the closest known one, for a value that the option
 * does not take, and for options that contradict each other
 */
export function resolveConfig(
  ...layers: readonly Readonly<Record<string, unknown>>[]
): TrainConfig {
  const given: Record<string, unknown> = {};
  for (const layer of layers) {
    for (const [name, value] of Object.entries(layer)) {
      if (!(name in shape)) {
        throw new UsageError(`there is no option "${name}"${didYouMean(name, Object.keys(shape))}`);
      }
      if (value !== undefined) given[name] = value;
    }
  }
  const parsed = schema.safeParse(given, { error: complaint });
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0]!;
    throw new UsageError(`option ${path.join('.')} ${message}`);
  }
  const { lr = parsed.data.optimizer === 'sgd' ? 0.1 : 0.001 } = parsed.data;
  const config = { ...parsed.data, lr };
  checkConsistent(config, given);
  return config;
}

/** What is wrong with a value, after the option's name. */
function complaint(issue: z.core.$ZodRawIssue): string {
  // JSON has no word for infinity.
  const isNumber = typeof issue.input === 'number';
  const shown = `(it is ${isNumber ? issue.input : JSON.stringify(issue.input)})`;
  switch (issue.code) {
    case 'invalid_type':
      if (isNumber && issue.expected === 'number') return `must be finite ${shown}`;
      return `must be ${words[issue.expected] ?? issue.expected} ${shown}`;
    case 'too_small':
      return `must be ${issue.inclusive ? 'at least' : 'above'} ${issue.minimum} ${shown}`;
    case 'too_big':
      return `must be at most ${issue.maximum} ${shown}`;
    case 'invalid_value':
      return `must be ${issue.values.join(', ')} ${shown}${didYouMean(String(issue.input), issue.values.map(String))}`;
    case 'invalid_union':
      return `must be ${unions[String(issue.path?.[0])]} ${shown}`;
    default:
      return `${issue.message ?? issue.code} ${shown}`;
  }
}

const unions: Readonly<Record<string, string>> = {
  modelOptions: 'text, a number, true or false',
  normalize: 'none, dataset, imagenet or { mean, std } with a number for each channel',
  augment: 'text, or a list of texts and { name, options }',
  classWeights: 'balanced, or a number >= 0 for each class by name',
  cache: 'a number of bytes, such as 512MB or 2GB',
};

const words: Readonly<Record<string, string>> = {
  int: 'a whole number',
  number: 'a number',
  string: 'text',
  boolean: 'true or false',
  array: 'a list of numbers',
  record: 'options by name',
};

function checkConsistent(config: TrainConfig, given: Readonly<Record<string, unknown>>): void {
  for (const [name, owners] of Object.entries(belongsTo)) {
    const owner = owners.includes(config.optimizer) || owners.includes(config.schedule);
    if (given[name] !== undefined && !owner) {
      throw new UsageError(
        `option ${name} belongs to ${owners.join(', ')}, and this run uses ${config.optimizer} with the ${config.schedule} schedule; leave it out or change the other`,
      );
    }
  }
  if (config.nesterov && !config.momentum) {
    throw new UsageError('option nesterov needs a momentum above 0; give momentum, such as 0.9');
  }
  if (config.schedule === 'multiStep' && config.milestones === undefined) {
    throw new UsageError(
      'the multiStep schedule needs milestones: the epochs after which it drops',
    );
  }
  if (config.schedule === 'step' && config.stepSize === undefined) {
    throw new UsageError('the step schedule needs stepSize: the epochs between drops');
  }
  if (config.clipNorm !== undefined && config.clipValue !== undefined) {
    throw new UsageError('options clipNorm and clipValue exclude each other; leave one out');
  }
  if (config.folds !== undefined && config.valFraction !== undefined) {
    throw new UsageError('options folds and valFraction exclude each other; leave one out');
  }
  if (config.fold !== undefined && config.fold >= (config.folds ?? 0)) {
    throw new UsageError(
      config.folds === undefined
        ? 'option fold needs folds: into how many the training images are divided'
        : `option fold counts from 0 to ${config.folds - 1} (it is ${config.fold})`,
    );
  }
  if (config.warmup >= config.epochs && config.warmup > 0) {
    throw new UsageError(
      `option warmup must be shorter than the ${config.epochs} epochs (it is ${config.warmup})`,
    );
  }
}
