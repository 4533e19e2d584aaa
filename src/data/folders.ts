import { access, readFile, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FormatError } from '../graph/errors.ts';
import type { DatasetEntry, DatasetFile } from './catalogue.ts';
import { sizeLimit } from './verify.ts';

/**
 * Where Fovea keeps what it downloads: `FOVEA_HOME`, or else the platform's cache folder
 * (`~/.cache/fovea`, `~/Library/Caches/fovea`, `%LOCALAPPDATA%\fovea`).
 */
export function cacheFolder(
  env: NodeJS.ProcessEnv = process.env,
  platform: NodeJS.Platform = process.platform,
): string {
  if (env.FOVEA_HOME) return env.FOVEA_HOME;
  if (platform === 'win32') {
    return join(env.LOCALAPPDATA || join(homedir(), 'AppData', 'Local'), 'fovea');
  }
  if (platform === 'darwin') return join(homedir(), 'Library', 'Caches', 'fovea');
  return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'fovea');
}

/** The folder of a dataset that ships with the package. */
export const shippedFolder = (name: string): string =>
  fileURLToPath(new URL(`../../data/${name}/`, import.meta.url));

/** The folders in which `dir` may hold the dataset, the most specific first. */
export function datasetFolders(dir: string, entry: DatasetEntry): string[] {
  const { name, torchvisionFolder } = entry;
  const nested = torchvisionFolder
    ? [join(dir, torchvisionFolder, 'raw'), join(dir, torchvisionFolder)]
    : [];
  return [join(dir, name), ...nested, join(dir, 'raw'), dir];
}

/** The path of `file` in `folder`, packed or plain, with `-` or `.` before `idx`. */
export async function findFile(folder: string, file: DatasetFile): Promise<string | undefined> {
  const dotted = file.name.replace('-idx', '.idx');
  for (const name of [file.name, `${file.name}.gz`, dotted, `${dotted}.gz`]) {
    const path = join(folder, name);
    const there = await access(path).then(
      () => true,
      () => false,
    );
    if (there) return path;
  }
  return undefined;
}

/**
 * The bytes of a file that should be `file`.
 *
 * @throws FormatError when it cannot be read or is far too large
 */
export async function readBounded(path: string, file: DatasetFile): Promise<Uint8Array> {
  try {
    const { size } = await stat(path);
    if (size > sizeLimit(file)) {
      throw new FormatError(
        `${path}: ${file.name} may have up to ${sizeLimit(file)} bytes, this file has ${size}; get a fresh copy`,
      );
    }
    return await readFile(path);
  } catch (cause) {
    if (cause instanceof FormatError) throw cause;
    const reason = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw new FormatError(
      `${path}: cannot be read (${reason}); check the path and its permissions`,
      {
        cause,
      },
    );
  }
}
