import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FormatError } from '../graph/errors.ts';
import { float32FromFloat16 } from './half.ts';
import { type ArrayMap, readSafetensors, writeSafetensors } from './safetensors.ts';

/** A file with the header and data given. */
function file(header: unknown, data: number[] | Uint8Array = []): Uint8Array {
  const text = typeof header === 'string' ? header : JSON.stringify(header);
  const json = new TextEncoder().encode(text);
  const bytes = new Uint8Array(8 + json.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  bytes.set(data, 8 + json.length);
  return bytes;
}
const bytesOf = (array: Uint16Array | BigInt64Array) => new Uint8Array(array.buffer);
const entry = (dtype: string, shape: number[], begin: number, end: number) => ({
  dtype,
  shape,
  data_offsets: [begin, end],
});

describe('safetensors', () => {
  it('is laid out as the format says', () => {
    const bytes = writeSafetensors(
      { b: { shape: [], dtype: 'bool', data: Uint8Array.of(1) }, a: f32([1, 2], 1, 2) },
      { note: 'ü' },
    );
    const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
    expect(length % 8).toBe(0);
    expect(JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)))).toEqual({
      __metadata__: { note: 'ü' },
      a: entry('F32', [1, 2], 0, 8),
      b: entry('BOOL', [], 8, 9),
    });
    expect([...bytes.subarray(8 + length)]).toEqual([0, 0, 128, 63, 0, 0, 0, 64, 1]);
  });

  it('gives back what was written', () => {
    const value = fc.oneof(
      fc.float32Array({ maxLength: 20 }).map((data) => ({ dtype: 'float32' as const, data })),
      fc.int32Array({ maxLength: 20 }).map((data) => ({ dtype: 'int32' as const, data })),
      fc.uint8Array({ maxLength: 20 }).map((data) => ({ dtype: 'uint8' as const, data })),
      fc.uint8Array({ max: 1, maxLength: 9 }).map((data) => ({ dtype: 'bool' as const, data })),
    );
    const array = value.map(({ dtype, data }) => ({ dtype, data, shape: [1, data.length] }));
    const name = fc.string().filter((text) => text !== '__metadata__');
    fc.assert(
      fc.property(
        fc.dictionary(name, array),
        fc.dictionary(fc.string(), fc.string()),
        (arrays, metadata) => {
          const read = readSafetensors(writeSafetensors(arrays, metadata), 'x');
          expect(Object.keys(read.arrays).sort()).toEqual(Object.keys(arrays).sort());
          for (const [key, { data }] of Object.entries(arrays)) {
            expect(read.arrays[key]!.data).toEqual(data);
          }
          expect({ ...read.metadata }).toEqual({ ...metadata });
        },
      ),
    );
  });

  it('reads from the middle of a larger buffer, as Node hands files out', () => {
    const bytes = writeSafetensors({ a: f32([2], 3, 4) });
    const pool = Buffer.alloc(bytes.length + 3);
    pool.set(bytes, 3);
    expect(readSafetensors(pool.subarray(3), 'x').arrays.a!.data).toEqual(Float32Array.of(3, 4));
  });

  it('turns half precision into float32', () => {
    const halves = Uint16Array.of(0x3c00, 0xc000, 0x7bff, 0x0001, 0x7c00, 0x8000);
    const read = readSafetensors(file({ a: entry('F16', [6], 0, 12) }, bytesOf(halves)), 'x');
    expect(read.arrays.a).toEqual({
      shape: [6],
      dtype: 'float32',
      data: Float32Array.of(1, -2, 65504, 2 ** -24, Number.POSITIVE_INFINITY, -0),
    });
    expect(float32FromFloat16(0x7e00)).toBeNaN();
    const brain = Uint16Array.of(0x3f80, 0xc049);
    const other = readSafetensors(file({ a: entry('BF16', [2], 0, 4) }, bytesOf(brain)), 'x');
    expect(other.arrays.a!.data).toEqual(Float32Array.of(1, -3.140625));
  });

  it('turns 64-bit integers into 32-bit ones where they fit', () => {
    const header = { 'bn.num_batches_tracked': entry('I64', [], 0, 8) };
    const read = (n: bigint) => readSafetensors(file(header, bytesOf(BigInt64Array.of(n))), 'x');
    expect(read(-7n).arrays['bn.num_batches_tracked']!.data).toEqual(Int32Array.of(-7));
    expect(() => read(2n ** 31n)).toThrow('it holds 2147483648, which needs 64 bits');
  });

  const two = (a: [number, number], b: [number, number]) => ({
    a: entry('U8', [a[1] - a[0]], ...a),
    b: entry('U8', [b[1] - b[0]], ...b),
  });
  it.each<[string, Uint8Array, string]>([
    ['nothing', new Uint8Array(), 'it has only 0 bytes'],
    ['a huge header', Uint8Array.of(255, 255, 255, 255, 255, 255, 255, 255), 'header claims'],
    ['a cut header', file({}).subarray(0, 9), 'its header needs 2 bytes, and only 1 follow'],
    ['no JSON', file('{'), 'its header is not JSON'],
    ['broken UTF-8', file({}, [0]).fill(0xff, 8, 10), 'its header is not JSON'],
    ['a list', file([]), 'must be a JSON object'],
    ['metadata of numbers', file({ __metadata__: { a: 1 } }), 'must be strings'],
    ['an entry that is no object', file({ a: 1 }), 'array "a" must be described'],
    [
      'an unknown dtype',
      file({ a: entry('F64', [], 0, 8) }),
      'array "a" has dtype F64; known are F32',
    ],
    ['a dtype of Object', file({ a: entry('constructor', [], 0, 8) }), 'has dtype constructor'],
    ['a negative size', file({ a: entry('U8', [-1], 0, 0) }), 'shape of whole numbers'],
    ['a fraction', file({ a: entry('U8', [1.5], 0, 1) }), 'shape of whole numbers'],
    ['a size that overflows', file({ a: entry('F32', [2 ** 52, 2 ** 52], 0, 8) }), 'needs'],
    [
      'three offsets',
      file({ a: { dtype: 'U8', shape: [1], data_offsets: [0, 1, 2] } }),
      'two data offsets',
    ],
    [
      'a wrong length',
      file({ a: entry('F32', [2], 0, 4) }, [0, 0, 0, 0]),
      'array "a" of F32 [2] needs 8 bytes, its offsets 0 … 4 give 4',
    ],
    ['an array outside', file({ a: entry('U8', [4], 0, 4) }, [0]), 'array "a" ends at byte 4 of 1'],
    ['an overlap', file(two([0, 2], [1, 3]), [0, 0, 0]), 'array "b" overlaps'],
    ['a gap', file(two([0, 1], [2, 3]), [0, 0, 0]), 'bytes 1 … 2 before array "b"'],
    ['a tail', file({ a: entry('U8', [1], 0, 1) }, [0, 0]), '1 bytes after the last array'],
    ['a boolean of 2', file({ a: entry('BOOL', [1], 0, 1) }, [2]), 'array "a": it holds 2'],
  ])('refuses %s', (_, bytes, message) => {
    const read = () => readSafetensors(bytes, 'some.safetensors');
    expect(read).toThrow(FormatError);
    expect(read).toThrow(message);
    expect(read).toThrow(/^some\.safetensors: [^\n]+$/);
  });

  it('survives any damage with a FormatError or a result', () => {
    const good = writeSafetensors({ a: f32([2], 1, 2), b: f32([3], 1, 2, 3) }, { k: 'v' });
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.nat(255), fc.nat(good.length), (at, byte, cut) => {
        const bad = good.slice(0, cut);
        if (at < cut) bad[at] = byte;
        try {
          readSafetensors(bad, 'x');
        } catch (error) {
          expect(error).toBeInstanceOf(FormatError);
        }
      }),
    );
  });
});

function f32(shape: number[], ...numbers: number[]): ArrayMap[string] {
  return { shape, dtype: 'float32', data: Float32Array.from(numbers) };
}
