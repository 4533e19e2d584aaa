import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';

let failure: string | undefined;
vi.mock(import('node:fs/promises'), async (original) => {
  const real = await original();
  return {
    ...real,
    async open(...args) {
      const file = await real.open(...args);
      const { writeFile } = file;
      file.writeFile = async (...data) => {
        if (failure !== undefined) throw Object.assign(new Error(failure), { code: failure });
        return writeFile.apply(file, data);
      };
      return file;
    },
  };
});
const { replaceFile } = await import('./files.ts');

afterEach(() => {
  failure = undefined;
});

it('replaces a file as a whole, or leaves it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'fovea-files-'));
  try {
    const path = join(folder, 'file');
    await replaceFile(path, ['old']);
    await replaceFile(path, ['new ', Uint8Array.of(33)]);
    expect(await readFile(path, 'utf8')).toBe('new !');
    failure = 'ENOSPC';
    await expect(replaceFile(path, ['newer'])).rejects.toThrow(
      `${path}: cannot be written: no space left on the disk; free some`,
    );
    failure = 'EIO';
    await expect(replaceFile(path, ['newer'])).rejects.toThrow(`${path}: cannot be written: EIO`);
    expect(await readFile(path, 'utf8')).toBe('new !');
    expect(await readdir(folder)).toEqual(['file']);
    await expect(replaceFile(join(folder, 'no', 'file'), [])).rejects.toThrow('it is not there');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
