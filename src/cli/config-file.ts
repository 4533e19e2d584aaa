import { access, readFile } from 'node:fs/promises';
import { extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { FormatError, UsageError } from '../graph/errors.ts';
import { didYouMean } from '../graph/suggest.ts';
import { configOptions } from '../train/config.ts';

export interface ConfigFile {
  /** As it was given, or its name in the working directory. */
  readonly path: string;
  readonly options: Readonly<Record<string, unknown>>;
}

const names = ['fovea.config.ts', 'fovea.config.js', 'fovea.config.json'];

/** The configuration file of the working directory, if there is one. */
export async function findConfigFile(): Promise<string | undefined> {
  for (const name of names) {
    const there = await access(name).then(
      () => true,
      () => false,
    );
    if (there) return name;
  }
  return undefined;
}

/**
 * Reads options of a training run: the default export of a `.ts` or `.js` file, or a `.json` file.
 *
 * @throws UsageError when the file is not there, or has an option that does not exist
 * @throws FormatError when it cannot be read or run
 */
export async function readConfigFile(path: string): Promise<ConfigFile> {
  const there = await access(path).then(
    () => true,
    () => false,
  );
  if (!there) throw new UsageError(`${path}: there is no such file; check --config`);
  let value: unknown;
  try {
    value = await load(resolve(path));
  } catch (cause) {
    const reason = String((cause as Error).message ?? cause).split('\n')[0];
    throw new FormatError(`${path}: cannot be read as a configuration: ${reason}`, { cause });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new FormatError(
      `${path}: must hold options by name (it is ${value === null ? 'null' : typeof value}); export them as the default: export default { model: 'lenet' }`,
    );
  }
  const known = configOptions.map(({ name }) => name);
  for (const name of Object.keys(value)) {
    if (!known.some((option) => option === name)) {
      throw new UsageError(`${path}: there is no option "${name}"${didYouMean(name, known)}`);
    }
  }
  return { path, options: value as Record<string, unknown> };
}

async function load(path: string): Promise<unknown> {
  const extension = extname(path);
  if (extension === '.json') return JSON.parse(await readFile(path, 'utf8'));
  if (extension === '.js' || extension === '.mjs') {
    const module: { default?: unknown } = await import(pathToFileURL(path).href);
    return module.default;
  }
  const { createJiti } = await import('jiti');
  return createJiti(import.meta.url, { fsCache: false }).import(path, { default: true });
}
