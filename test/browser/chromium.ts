import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';

/** Chromium's path: FOVEA_CHROMIUM, or `chromium` on the PATH. */
export async function findChromium(): Promise<string | undefined> {
  const named = process.env.FOVEA_CHROMIUM;
  const folders = (process.env.PATH ?? '').split(delimiter);
  const candidates = named ? [named] : folders.map((folder) => join(folder, 'chromium'));
  for (const path of candidates) {
    const usable = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (usable) return path;
  }
  return undefined;
}
