/** A module with one function, () → v128, of the given instructions. */
const moduleOf = (body: readonly number[]): Uint8Array<ArrayBuffer> =>
  Uint8Array.from([
    ...[0, 97, 115, 109, 1, 0, 0, 0],
    ...[1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0],
    ...[10, body.length + 4, 1, body.length + 2, 0, ...body, 11],
  ]);

/** i32.const 0, i32x4.splat */
const ZERO = [65, 0, 253, 17];

export const hasSimd = (): boolean => WebAssembly.validate(moduleOf(ZERO));

/** f32x4.relaxed_madd of three zeros. */
export const hasRelaxedSimd = (): boolean =>
  WebAssembly.validate(moduleOf([...ZERO, ...ZERO, ...ZERO, 253, 133, 2]));
