import { didYouMean, ShapeError, UsageError } from '../graph/index.ts';
import type { Layer } from '../nn/index.ts';
import { alexnetFamily } from './alexnet.ts';
import { cifarResnetFamily } from './cifar-resnet.ts';
import { densenetFamily } from './densenet.ts';
import type { ClassifierOptions, ModelEntry, ModelOptions, Training } from './entry.ts';
import { googlenetFamily } from './googlenet.ts';
import { lenetFamily } from './lenet.ts';
import { mlpFamily } from './mlp.ts';
import { mobilenetFamily } from './mobilenet-v2.ts';
import { ninFamily } from './nin.ts';
import { resnetFamily } from './resnet.ts';
import { squeezenetFamily } from './squeezenet.ts';
import { vggFamily } from './vgg.ts';

/** Every model that has a name. */
export const models: readonly ModelEntry[] = [
  ...lenetFamily,
  ...mlpFamily,
  ...alexnetFamily,
  ...vggFamily,
  ...ninFamily,
  ...googlenetFamily,
  ...resnetFamily,
  ...cifarResnetFamily,
  ...densenetFamily,
  ...squeezenetFamily,
  ...mobilenetFamily,
];

/**
 * The catalogue's row of a name.
 *
 * @throws UsageError when there is none, with the closest name
 */
export function modelEntry(name: string): ModelEntry {
  const found = models.find((row) => row.name === name);
  if (found !== undefined) return found;
  const names = models.map((row) => row.name);
  const families = [...new Set(models.map(({ family }) => family))];
  throw new UsageError(
    `there is no model "${name}"${didYouMean(name, names)}; there are the families ${families.join(', ')}`,
  );
}

/**
 * Builds a model by name.
 *
 * @param options replace the row's own; `classes`, `channels` and `size` exist for every classifier
 * @throws UsageError for an unknown name or option, or an option of another type or out of range
 */
export function model(name: string, options: Readonly<Record<string, unknown>> = {}): Layer {
  const row = modelEntry(name);
  return built(row, options, (complete) => row.build(complete));
}

/**
 * How a model is trained whose loss takes more than its logits, such as GoogLeNet with its auxiliary
 * classifiers; nothing for all others.
 *
 * @throws as `model`
 */
export function modelTraining(
  name: string,
  options: Readonly<Record<string, unknown>> = {},
): Training | undefined {
  const row = modelEntry(name);
  return built(row, options, (complete) => row.training?.(complete));
}

/** An error from deep inside a model says which of its options it comes from. */
function built<T>(
  row: ModelEntry,
  options: Readonly<Record<string, unknown>>,
  make: (complete: ClassifierOptions & ModelOptions) => T,
): T {
  const complete = completeOptions(row, options);
  try {
    return make(complete);
  } catch (error) {
    if (!(error instanceof ShapeError) || error.message.startsWith(`${row.name}:`)) throw error;
    const given = Object.entries(options)
      .filter(([key, value]) => value !== undefined && value !== row.options[key])
      .map(([key, value]) => `${key}=${value}`);
    const where = given.length === 0 ? '' : ` with ${given.join(', ')}`;
    throw new ShapeError(`model ${row.name}${where}: ${error.message}`, { cause: error });
  }
}

function completeOptions(
  row: ModelEntry,
  options: Readonly<Record<string, unknown>>,
): ClassifierOptions & ModelOptions {
  const { name } = row;
  const complete = { ...row.options };
  for (const [key, value] of Object.entries(options)) {
    const known = Object.keys(row.options);
    if (!known.includes(key)) {
      throw new UsageError(
        `model ${name}: there is no option "${key}"${didYouMean(key, known)}; there are ${known.join(', ')}`,
      );
    }
    if (value === undefined) continue;
    if (typeof value !== typeof row.options[key]) {
      throw new UsageError(
        `model ${name}: option ${key} must be a ${typeof row.options[key]} (it is ${JSON.stringify(value)})`,
      );
    }
    Object.assign(complete, { [key]: value });
  }
  for (const [key, least] of Object.entries({ classes: 2, channels: 1, size: 1 })) {
    const value = complete[key]!;
    if (!Number.isInteger(value) || Number(value) < least) {
      throw new UsageError(
        `model ${name}: option ${key} must be a whole number, ${least} or more (it is ${value})`,
      );
    }
  }
  return complete;
}

/** Rows whose names fit a pattern, in which `*` stands for anything; all of them without one. */
export function listModels(pattern = '*'): readonly ModelEntry[] {
  const escaped = pattern.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*');
  const expression = new RegExp(`^${escaped}$`, 'i');
  return models.filter((row) => expression.test(row.name));
}
