import type { DType, NumberArray } from '../../graph/index.ts';

const arrayTypes = {
  float32: Float32Array,
  bfloat16: Uint16Array,
  int32: Int32Array,
  uint8: Uint8Array,
  bool: Uint8Array,
} as const satisfies Record<DType, unknown>;

/** A view of memory: valid until the memory grows. */
export const viewOf = (
  memory: WebAssembly.Memory,
  dtype: DType,
  address: number,
  length: number,
): NumberArray => new arrayTypes[dtype](memory.buffer, address, length);

/** Copies numbers into memory as they are. */
export function store(memory: WebAssembly.Memory, address: number, data: NumberArray): void {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  new Uint8Array(memory.buffer, address, bytes.length).set(bytes);
}

/** `data` as an array of the dtype: the same one where it is that already. */
export const toArray = (data: NumberArray, dtype: DType): NumberArray =>
  data instanceof arrayTypes[dtype] ? data : new arrayTypes[dtype](data);

/** `length` times the number. */
export const filled = (value: number, dtype: DType, length: number): NumberArray =>
  new arrayTypes[dtype](length).fill(value);
