import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FormatError } from '../graph/errors.ts';
import { encodeIdx, readIdx } from './idx.ts';

const good = encodeIdx({
  shape: [2, 2, 3],
  data: Uint8Array.of(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 255),
});
const packed = gzipSync(good);
const header = (...bytes: number[]) => Uint8Array.of(...bytes);
const concat = (...parts: Uint8Array[]) => Uint8Array.from(parts.flatMap((part) => [...part]));
const changed = (bytes: Uint8Array, at: number, value: number) => {
  const copy = Uint8Array.from(bytes);
  copy[at] = value;
  return copy;
};

describe('readIdx', () => {
  it('reads uint8 arrays, plain and gzipped', async () => {
    for (const bytes of [good, packed]) {
      const { shape, data } = await readIdx(bytes, 'x');
      expect(shape).toEqual([2, 2, 3]);
      expect([...data]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 255]);
    }
  });

  it('reads big-endian int32 arrays, negative numbers too', async () => {
    const bytes = header(0, 0, 0x0c, 1, 0, 0, 0, 2, 0, 0, 1, 2, 255, 255, 255, 254);
    const { shape, data } = await readIdx(bytes, 'x');
    expect(shape).toEqual([2]);
    expect(data).toEqual(Int32Array.of(258, -2));
  });

  it('reads a view that does not start at byte 0 of its buffer', async () => {
    const { data } = await readIdx(concat(header(9, 9, 9), good).subarray(3), 'x');
    expect(data[11]).toBe(255);
  });

  it('gives back what encodeIdx wrote', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 4 }),
        fc.boolean(),
        fc.boolean(),
        async (shape, wide, gzip) => {
          const length = shape.reduce((a, b) => a * b);
          const data = wide
            ? Int32Array.from({ length }, (_, i) => i * 77_777 - 5)
            : Uint8Array.from({ length }, (_, i) => i * 7);
          const plain = encodeIdx({ shape, data });
          const read = await readIdx(gzip ? gzipSync(plain) : plain, 'x');
          expect(read).toEqual({ shape, data });
        },
      ),
      { numRuns: 50 },
    );
  });

  const bomb = gzipSync(concat(good, new Uint8Array(1_000_000)), { level: 9 });
  const hostile: readonly [what: string, bytes: Uint8Array, rule: RegExp][] = [
    ['an empty file', new Uint8Array(0), /truncated IDX file: it holds 0/],
    ['three bytes', header(0, 0, 8), /truncated IDX file: it holds 3/],
    ['a header cut short', good.subarray(0, 10), /truncated IDX file: it holds 10/],
    ['elements cut short', good.subarray(0, -1), /truncated IDX file: it holds 27 of 28 bytes/],
    ['trailing bytes', concat(good, header(0)), /trailing bytes: .* declares 28 .* has 29/],
    ['a web page', new TextEncoder().encode('<!DOCTYPE html>'), /looks like a web page/],
    ['a wrong magic number', changed(good, 0, 1), /must start with two zero bytes/],
    ['float elements', changed(good, 2, 0x0d), /must be uint8 .* has type 0d/],
    ['rank 0', changed(good, 3, 0), /1 to 8 axes, this one declares 0/],
    ['rank 255', changed(good, 3, 255), /1 to 8 axes, this one declares 255/],
    [
      'dimensions of petabytes',
      concat(header(0, 0, 8, 2), new Uint8Array(8).fill(255)),
      /at most 1073741824 bytes are expected here/,
    ],
    [
      'dimensions that overflow every number type',
      concat(header(0, 0, 12, 8), new Uint8Array(32).fill(255)),
      /at most 1073741824 bytes/,
    ],
    ['gzip cut short', packed.subarray(0, -9), /damaged gzip data|truncated/],
    ['gzip of two bytes', packed.subarray(0, 2), /damaged gzip data/],
    [
      'gzip with a flipped checksum',
      changed(packed, packed.length - 6, packed[packed.length - 6]! ^ 1),
      /damaged gzip data/,
    ],
    ['gzip followed by junk', concat(packed, header(1, 2, 3, 4)), /damaged gzip data/],
    ['gzip of nothing', gzipSync(''), /truncated IDX file: it holds 0/],
    ['gzip of a truncated file', gzipSync(good.subarray(0, 20)), /it holds 20 of 28 bytes/],
    ['gzip with a megabyte too many', bomb, /trailing bytes/],
    [
      'gzip too small for what its header declares',
      gzipSync(concat(header(0, 0, 8, 1, 0x3f, 0, 0, 0))),
      /truncated IDX file: .* compressed data for 1056964616/,
    ],
  ];

  it.each(hostile)('refuses %s', async (_, bytes, rule) => {
    const error = await readIdx(bytes, 'some/file.gz').catch((e: unknown) => e);
    expect(error).toBeInstanceOf(FormatError);
    const { message } = error as FormatError;
    expect(message).toMatch(rule);
    expect(message).toMatch(/^some\/file\.gz: .*; (get|convert) .*$/);
  });

  it('survives any damage with a FormatError or an array', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(good, packed as Uint8Array),
        fc.array(fc.tuple(fc.nat(60), fc.nat(255)), { maxLength: 4 }),
        fc.nat(40),
        async (bytes, damage, cut) => {
          const copy = Uint8Array.from(bytes.subarray(0, Math.max(0, bytes.length - cut)));
          for (const [at, value] of damage) if (at < copy.length) copy[at] = value;
          await readIdx(copy, 'x', 4096).catch((error: unknown) => {
            expect(error).toBeInstanceOf(FormatError);
          });
        },
      ),
      { numRuns: 300 },
    );
  });
});
