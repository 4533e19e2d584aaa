import { describe, expect, it } from 'vitest';
import { UsageError } from '../graph/errors.ts';
import { catalogue, datasetEntry } from './catalogue.ts';

describe('catalogue', () => {
  it.each(catalogue.map((entry) => [entry.name, entry] as const))('describes %s', (_, entry) => {
    const [c, h, w] = entry.shape;
    expect(new Set(entry.classes).size).toBe(10);
    expect(new Set(entry.mirrors).size).toBe(entry.mirrors.length);
    for (const mirror of entry.mirrors) expect(mirror).toMatch(/^https?:\/\/.*\/$/);
    for (const { length, images, labels } of Object.values(entry.splits)) {
      expect(images.bytes).toBe(16 + length * c * h * w);
      expect(labels.bytes).toBe(8 + length);
      for (const file of [images, labels]) {
        expect(file.sha256 ?? file.gzipMd5).toMatch(/^([0-9a-f]{64}|[0-9a-f]{32})$/);
      }
    }
  });

  it('finds a row by name', () => {
    expect(datasetEntry('kmnist').classes[3]).toBe('tsu');
  });

  it('guesses what a misspelt name means', () => {
    expect(() => datasetEntry('fashion_mnist')).toThrow(UsageError);
    expect(() => datasetEntry('fashion_mnist')).toThrow(
      'unknown dataset "fashion_mnist" (did you mean "fashion-mnist"?); there are mnist, fashion-mnist, fashion-mnist-sample, kmnist',
    );
  });
});
