import { didYouMean, UsageError } from '../graph/index.ts';
import type { Layer } from '../nn/index.ts';
import type { ModelEntry } from './entry.ts';
import { lenetFamily } from './lenet.ts';
import { mlpFamily } from './mlp.ts';

/** Every model that has a name. */
export const models: readonly ModelEntry[] = [...lenetFamily, ...mlpFamily];

/**
 * The catalogue's row of a name.
 *
 * @throws UsageError when there is none, with the closest name
 */
export function modelEntry(name: string): ModelEntry {
  const found = models.find((row) => row.name === name);
  if (found !== undefined) return found;
  const names = models.map((row) => row.name);
  throw new UsageError(
    `there is no model "${name}"${didYouMean(name, names)}; there are ${names.join(', ')}`,
  );
}

/**
 * Builds a model by name.
 *
 * @param options replace the row's own; `classes`, `channels` and `size` exist for every classifier
 * @throws UsageError for an unknown name or option, or an option of another type
 */
export function model(name: string, options: Readonly<Record<string, unknown>> = {}): Layer {
  const row = modelEntry(name);
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
  return row.build(complete);
}

/** Rows whose names fit a pattern, in which `*` stands for anything; all of them without one. */
export function listModels(pattern = '*'): readonly ModelEntry[] {
  const escaped = pattern.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*');
  const expression = new RegExp(`^${escaped}$`, 'i');
  return models.filter((row) => expression.test(row.name));
}
