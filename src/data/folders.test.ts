import { homedir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { datasetEntry } from './catalogue.ts';
import { cacheFolder, datasetFolders } from './folders.ts';

describe('cacheFolder', () => {
  it('follows FOVEA_HOME, then the platform', () => {
    expect(cacheFolder({ FOVEA_HOME: '/x', XDG_CACHE_HOME: '/y' }, 'linux')).toBe('/x');
    expect(cacheFolder({ XDG_CACHE_HOME: '/y' }, 'linux')).toBe(join('/y', 'fovea'));
    expect(cacheFolder({}, 'linux')).toBe(join(homedir(), '.cache', 'fovea'));
    expect(cacheFolder({}, 'darwin')).toBe(join(homedir(), 'Library', 'Caches', 'fovea'));
    expect(cacheFolder({ LOCALAPPDATA: '/l' }, 'win32')).toBe(join('/l', 'fovea'));
  });
});

describe('datasetFolders', () => {
  it('prefers the folder that names the dataset', () => {
    const folders = datasetFolders('d', datasetEntry('fashion-mnist'));
    expect(folders[0]).toBe(join('d', 'fashion-mnist'));
    expect(folders).toContain(join('d', 'FashionMNIST', 'raw'));
    expect(folders.at(-1)).toBe('d');
  });
});
