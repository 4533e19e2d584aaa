import { bytesPerElement, type DType, EngineError, sizeOf } from '../../../graph/index.ts';
import type { Argument, Call, KernelRequest, Operand, Place } from '../kernel.ts';

/** A request whose attributes do not matter. */
export type AnyRequest = KernelRequest<unknown>;

export const call = (name: string, ...args: readonly (Argument | Operand | boolean)[]): Call => ({
  name,
  args: args.map((arg) =>
    typeof arg === 'boolean'
      ? Number(arg)
      : typeof arg === 'object' && 'place' in arg
        ? arg.place
        : arg,
  ),
});

/** The place some bytes further on. */
export const beyond = ({ of, offset }: Place, bytes: number): Place => ({
  of,
  offset: offset + bytes,
});

export const count = (operand: Operand): number => sizeOf(operand.shape);

export const elementBytes = (operand: Operand): number => bytesPerElement[operand.dtype];

/** Refuses element types that no kernel of this op takes. */
export function only(op: string, dtypes: readonly DType[], ...operands: readonly Operand[]): void {
  for (const { dtype } of operands) {
    if (!dtypes.includes(dtype)) {
      throw new EngineError(
        `${op}: the wasm engine does not take ${dtype} here, only ${dtypes.join(', ')}; use cast, or another engine`,
      );
    }
  }
}

export const floatOnly = (op: string, ...operands: readonly Operand[]): void =>
  only(op, ['float32'], ...operands);

/** The ending of an export's name for an element type: 'addF32', 'addI32'. */
export const suffix = { float32: 'F32', int32: 'I32', uint8: 'U8', bool: 'U8' } as const;

export function suffixOf(op: string, operand: Operand, dtypes: readonly (keyof typeof suffix)[]) {
  only(op, dtypes, operand);
  return suffix[operand.dtype as keyof typeof suffix];
}

/** The inputs of an op none of which can be left out. */
export const operands = ({ inputs }: AnyRequest): readonly Operand[] =>
  inputs as readonly Operand[];

/** Sizes before, of, and after one axis: x as [outer, size, inner]. */
export function aroundAxis(shape: readonly number[], axis: number) {
  return {
    outer: sizeOf(shape.slice(0, axis)),
    size: shape[axis]!,
    inner: sizeOf(shape.slice(axis + 1)),
  };
}

/** A number as it fills four bytes. */
export function bitsOf(value: number, dtype: DType): number {
  if (dtype === 'float32') return new Int32Array(Float32Array.of(value).buffer)[0]!;
  if (dtype === 'int32') return Math.trunc(value) | 0;
  const byte = dtype === 'bool' ? Number(value !== 0) : Math.trunc(value) & 255;
  return Math.imul(byte, 0x01010101);
}
