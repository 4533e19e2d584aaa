import { randomBytes } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { FormatError } from '../../graph/errors.ts';

const reasons: Readonly<Record<string, string>> = {
  ENOSPC: 'no space left on the disk; free some',
  EDQUOT: 'the disk quota is used up; free some space',
  EROFS: 'the disk is read-only; choose another folder',
  EACCES: 'no permission; choose another folder or change its rights',
  EPERM: 'no permission; choose another folder or change its rights',
  ENOENT: 'it is not there; check the path',
  ENOTDIR: 'a part of its path is a file; choose another folder',
  EISDIR: 'it is a folder; name a file',
  EEXIST: 'a file is in the way; choose another folder',
};

/** What an error of the file system means, and the way out. */
export function fileError(path: string, action: string, cause: unknown): FormatError {
  const { code, message } = cause as NodeJS.ErrnoException;
  const reason = (code !== undefined && reasons[code]) || code || message;
  return new FormatError(`${path}: cannot be ${action}: ${reason}`, { cause });
}

/**
 * Replaces a file as a whole: after a failure, or a kill at any moment, it is the old one or the new
 * one, never a part.
 *
 * @throws FormatError when it cannot be written
 */
export async function replaceFile(
  path: string,
  parts: readonly (Uint8Array | string)[],
): Promise<void> {
  const temporary = `${path}.${randomBytes(4).toString('hex')}.part`;
  try {
    const file = await open(temporary, 'wx');
    try {
      for (const part of parts) await file.writeFile(part);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    await syncFolder(dirname(path));
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => {});
    throw fileError(path, 'written', cause);
  }
}

/** Makes a rename last. Windows cannot open folders, and needs no such thing. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
