import { access, constants, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { FormatError, UsageError } from '../graph/errors.ts';
import { fileError } from '../train/node/files.ts';

/** @throws UsageError when a file to write would be named as something that it will not be */
export function requireEnding(flag: string, path: string, endings: readonly string[]): void {
  if (endings.some((ending) => path.toLowerCase().endsWith(ending))) return;
  throw new UsageError(`${flag} must end in ${endings.join(' or ')} (it is "${path}")`);
}

/**
 * Tells before the work whether its result will find a place.
 *
 * @throws FormatError when there is no such folder, or something else than a file in the way
 */
export async function requireWritable(path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found && !found.isFile()) {
    const kind = found.isDirectory() ? 'a folder' : 'a device';
    throw new FormatError(`${path}: cannot be written: it is ${kind}; name a file`);
  }
  // With the dot, a file in place of the folder is an error too.
  await access(`${dirname(path)}/.`, constants.W_OK).catch((cause: unknown) => {
    throw fileError(path, 'written', cause);
  });
}
