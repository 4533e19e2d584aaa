import { describe, expect, it } from 'vitest';
import { CIFAR_10, CIFAR_100, cifarKindOf, readCifar } from './cifar.ts';

const record = (labels: number[], value: number) =>
  Uint8Array.of(...labels, ...Array.from({ length: 3072 }, (_, i) => (value + (i >> 10)) % 256));
const join = (...parts: Uint8Array[]) => Uint8Array.from(parts.flatMap((part) => [...part]));
const names = (count: number) => Array.from({ length: count }, (_, i) => `c${i}`);

describe('readCifar', () => {
  it('reads CIFAR-10: a label, then red, green and blue', () => {
    const a = { path: 'a.bin', bytes: join(record([3], 10), record([9], 20)) };
    const b = { path: 'b.bin', bytes: record([0], 30) };
    const dataset = readCifar('x', CIFAR_10, [a, b], names(10));
    expect([...dataset.labels]).toEqual([3, 9, 0]);
    expect(dataset.shape).toEqual([3, 32, 32]);
    const firsts = [0, 1024, 2048, 3072, 2 * 3072 + 2048].map((i) => dataset.images[i]);
    expect(firsts).toEqual([10, 11, 12, 20, 32]);
  });

  it('reads the fine labels of CIFAR-100', () => {
    const bytes = join(record([1, 77], 1), record([2, 5], 2));
    expect(cifarKindOf(bytes.length)).toBe(CIFAR_100);
    const dataset = readCifar('x', CIFAR_100, [{ path: 'a', bytes }], names(100));
    expect([...dataset.labels]).toEqual([77, 5]);
    expect(dataset.images[0]).toBe(1);
  });

  it('refuses files that are cut off or of another kind', () => {
    const bytes = record([3], 10);
    const read = (data: Uint8Array, classes = 10) =>
      readCifar('x', CIFAR_10, [{ path: 'a.bin', bytes: data }], names(classes));
    expect(() => read(bytes.subarray(1))).toThrow(/^a\.bin: a CIFAR-10 file holds records of 3073/);
    expect(() => read(bytes.subarray(0, 0))).toThrow(/^a\.bin: /);
    expect(() => read(bytes, 3)).toThrow(
      /^a\.bin: labels of CIFAR-10 lie in 0 … 2 \(record 0 has 3\)/,
    );
    expect(cifarKindOf(3073 * 2)).toBe(CIFAR_10);
    expect(cifarKindOf(3000)).toBeUndefined();
  });
});
