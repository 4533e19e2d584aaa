import {
  type DType,
  EngineError,
  type NumberArray,
  sizeOf,
  type TensorType,
} from '../../graph/index.ts';

const constructors = {
  float32: Float32Array,
  bfloat16: Uint16Array,
  int32: Int32Array,
  uint8: Uint8Array,
  bool: Uint8Array,
} as const satisfies Record<DType, unknown>;

export const arrayOf = (dtype: DType, buffer: ArrayBuffer): NumberArray =>
  new constructors[dtype](buffer);

/** Checks what a caller hands in for a value. */
export function checkArray(
  what: string,
  array: NumberArray | undefined,
  { dtype, shape }: TensorType,
): NumberArray {
  const wanted = constructors[dtype];
  if (!(array instanceof wanted) || array.length !== sizeOf(shape)) {
    const got = array === undefined ? 'nothing' : `${array.constructor.name}(${array.length})`;
    throw new EngineError(
      `onednn: ${what} must be a ${wanted.name} of ${sizeOf(shape)} (${dtype} [${shape.join(', ')}]), not ${got}`,
    );
  }
  return array;
}
