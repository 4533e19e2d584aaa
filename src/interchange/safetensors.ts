import { FormatError, invariant } from '../graph/errors.ts';
import { sizeOf } from '../graph/shapes.ts';
import type { DType, NumberArray, Shape } from '../graph/tensor.ts';
import { float32FromBfloat16, float32FromFloat16 } from './half.ts';

// The safetensors format: eight bytes with the length of a JSON header (little-endian), the header,
// and the arrays, little-endian and row-major, one after another without gaps.

/** Numbers with a shape. float32 is held as Float32Array, int32 as Int32Array, uint8 and bool as Uint8Array. */
export interface NamedArray {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly data: NumberArray;
}
export type ArrayMap = Readonly<Record<string, NamedArray>>;

export interface Safetensors {
  readonly arrays: ArrayMap;
  readonly metadata: Readonly<Record<string, string>>;
}

interface Entry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [begin: number, end: number];
}

/** The arrays of a file, packed, and the place of each. */
export interface Packed {
  readonly entries: Readonly<Record<string, Entry>>;
  readonly data: Uint8Array<ArrayBuffer>;
}

/** The reference implementation's limit, in bytes. */
const HEADER_LIMIT = 100_000_000;
const METADATA = '__metadata__';

interface Storage {
  /** Bytes of an element. */
  readonly size: number;
  readonly dtype: DType;
  /** From a copy of the array's bytes, aligned. */
  readonly load: (bytes: Uint8Array<ArrayBuffer>) => NumberArray;
}

const storages: Readonly<Record<string, Storage>> = {
  F32: { size: 4, dtype: 'float32', load: ({ buffer }) => new Float32Array(buffer) },
  F16: {
    size: 2,
    dtype: 'float32',
    load: ({ buffer }) => Float32Array.from(new Uint16Array(buffer), float32FromFloat16),
  },
  BF16: {
    size: 2,
    dtype: 'float32',
    load: ({ buffer }) => Float32Array.from(new Uint16Array(buffer), float32FromBfloat16),
  },
  I64: { size: 8, dtype: 'int32', load: ({ buffer }) => narrow(new BigInt64Array(buffer)) },
  I32: { size: 4, dtype: 'int32', load: ({ buffer }) => new Int32Array(buffer) },
  U8: { size: 1, dtype: 'uint8', load: (bytes) => bytes },
  BOOL: { size: 1, dtype: 'bool', load: checkBooleans },
};

const storageNames: Readonly<Record<DType, string>> = {
  float32: 'F32',
  bfloat16: 'BF16',
  int32: 'I32',
  uint8: 'U8',
  bool: 'BOOL',
};

function narrow(values: BigInt64Array): Int32Array {
  return Int32Array.from(values, (value) => {
    const number = Number(value);
    if (number !== (number | 0)) throw new RangeError(`it holds ${value}, which needs 64 bits`);
    return number;
  });
}

function checkBooleans(bytes: Uint8Array): Uint8Array {
  const wrong = bytes.find((byte) => byte > 1);
  if (wrong !== undefined) throw new RangeError(`it holds ${wrong}, and a boolean is 0 or 1`);
  return bytes;
}

/** Packs arrays, the widest elements first, so that each is aligned in the file. */
export function packArrays(arrays: ArrayMap): Packed {
  const names = Object.keys(arrays).sort((a, b) => {
    const wider = arrays[b]!.data.BYTES_PER_ELEMENT - arrays[a]!.data.BYTES_PER_ELEMENT;
    return wider || (a < b ? -1 : 1);
  });
  const entries: [string, Entry][] = [];
  let at = 0;
  for (const name of names) {
    const { shape, dtype, data } = arrays[name]!;
    const storage = storageNames[dtype];
    invariant(
      name !== METADATA &&
        data.length === sizeOf(shape) &&
        data.BYTES_PER_ELEMENT === storages[storage]!.size,
      `${name} cannot be stored as ${dtype} [${shape}]`,
    );
    entries.push([name, { dtype: storage, shape, data_offsets: [at, at + data.byteLength] }]);
    at += data.byteLength;
  }
  const data = new Uint8Array(at);
  for (const [name, { data_offsets }] of entries) {
    const { buffer, byteOffset, byteLength } = arrays[name]!.data;
    data.set(new Uint8Array(buffer, byteOffset, byteLength), data_offsets[0]);
  }
  return { entries: Object.fromEntries(entries), data };
}

/** What stands before the data of a file. */
export function safetensorsHeader(
  { entries }: Packed,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const json = JSON.stringify({ [METADATA]: metadata, ...entries });
  const text = new TextEncoder().encode(json);
  const length = Math.ceil(text.length / 8) * 8;
  const header = new Uint8Array(8 + length).fill(0x20);
  new DataView(header.buffer).setBigUint64(0, BigInt(length), true);
  header.set(text, 8);
  return header;
}

/** The bytes of a safetensors file. */
export function writeSafetensors(
  arrays: ArrayMap,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const packed = packArrays(arrays);
  const header = safetensorsHeader(packed, metadata);
  const bytes = new Uint8Array(header.length + packed.data.length);
  bytes.set(header);
  bytes.set(packed.data, header.length);
  return bytes;
}

/**
 * Reads a safetensors file. F16 and BF16 become float32, I64 becomes int32.
 *
 * @param source path or URL for messages
 * @throws FormatError when it is damaged, or holds other types, or integers beyond 32 bits
 */
export function readSafetensors(bytes: Uint8Array, source: string): Safetensors {
  const fail = (what: string): never => {
    throw new FormatError(`${source}: not a safetensors file that can be read: ${what}`);
  };
  const { header, start } = readHeader(bytes, fail);
  const { [METADATA]: metadata = {}, ...rest } = header;
  if (!isRecord(metadata) || !Object.values(metadata).every((v) => typeof v === 'string')) {
    return fail('its metadata must be strings by name');
  }
  const entries = Object.entries(rest).map(([name, value]) => checkEntry(name, value, fail));
  checkPlaces(entries, bytes.length - start, fail);

  const arrays = entries.map(([name, { dtype, shape, data_offsets }]): [string, NamedArray] => {
    const storage = storages[dtype]!;
    const [begin, end] = data_offsets;
    try {
      const data = storage.load(new Uint8Array(bytes.subarray(start + begin, start + end)));
      return [name, { shape, dtype: storage.dtype, data }];
    } catch (error) {
      if (error instanceof RangeError) return fail(`array "${name}": ${error.message}`);
      throw error;
    }
  });
  return {
    arrays: Object.fromEntries(arrays),
    metadata: metadata as Record<string, string>,
  };
}

type Fail = (what: string) => never;

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function readHeader(bytes: Uint8Array, fail: Fail) {
  if (bytes.length < 8) return fail(`it has only ${bytes.length} bytes; get a fresh copy`);
  const length = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  if (length > HEADER_LIMIT) return fail(`its header claims ${length} bytes`);
  const start = 8 + Number(length);
  if (start > bytes.length) {
    return fail(
      `its header needs ${length} bytes, and only ${bytes.length - 8} follow; get a fresh copy`,
    );
  }
  let header: unknown;
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(8, start));
    header = JSON.parse(text);
  } catch {
    return fail('its header is not JSON');
  }
  if (!isRecord(header)) return fail('its header must be a JSON object');
  return { header, start };
}

const isSize = (value: unknown): value is number =>
  Number.isSafeInteger(value) && (value as number) >= 0;

function checkEntry(name: string, value: unknown, fail: Fail): [string, Entry] {
  const where = `array "${name}"`;
  if (!isRecord(value)) return fail(`${where} must be described by an object`);
  const { dtype, shape, data_offsets: place } = value;
  if (typeof dtype !== 'string' || !Object.hasOwn(storages, dtype)) {
    return fail(
      `${where} has dtype ${String(dtype)}; known are ${Object.keys(storages).join(', ')}`,
    );
  }
  if (!Array.isArray(shape) || shape.length > 32 || !shape.every(isSize)) {
    return fail(`${where} must have a shape of whole numbers`);
  }
  if (!Array.isArray(place) || place.length !== 2 || !place.every(isSize)) {
    return fail(`${where} must have two data offsets`);
  }
  const [begin, end] = place as [number, number];
  const needed = sizeOf(shape) * storages[dtype]!.size;
  if (end - begin !== needed) {
    return fail(
      `${where} of ${dtype} [${shape.join(', ')}] needs ${needed} bytes, its offsets ${begin} … ${end} give ${end - begin}`,
    );
  }
  return [name, { dtype, shape, data_offsets: [begin, end] }];
}

/** Arrays must fill the data from its first byte to its last, in any order. */
function checkPlaces(entries: readonly [string, Entry][], available: number, fail: Fail): void {
  const places = entries.map(([name, { data_offsets }]) => ({ name, place: data_offsets }));
  places.sort((a, b) => a.place[0] - b.place[0] || a.place[1] - b.place[1]);
  let at = 0;
  for (const { name, place } of places) {
    const [begin, end] = place;
    if (begin < at) fail(`array "${name}" overlaps the one before it (at byte ${begin})`);
    if (begin > at) fail(`bytes ${at} … ${begin} before array "${name}" belong to no array`);
    if (end > available) {
      fail(
        `array "${name}" ends at byte ${end} of ${available}: the file is cut off; get a fresh copy`,
      );
    }
    at = end;
  }
  if (at !== available) fail(`${available - at} bytes after the last array belong to no array`);
}
