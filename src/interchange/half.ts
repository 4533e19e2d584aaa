const bits = new Uint32Array(1);
const value = new Float32Array(bits.buffer);

/** The number that a bfloat16 stands for: a float32's upper half. */
export function float32FromBfloat16(half: number): number {
  bits[0] = half << 16;
  return value[0]!;
}

/** The number that an IEEE 754 binary16 stands for. */
export function float32FromFloat16(half: number): number {
  const sign = half >>> 15 === 0 ? 1 : -1;
  const exponent = (half >>> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
