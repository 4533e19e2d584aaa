// Noise for every pixel. A transform draws one 32-bit seed for it, so that what was drawn can be
// printed and drawn again; the numbers themselves come from a small fast generator.

/** sfc32 (Doty-Humphrey, PractRand), warmed up as its author advises. */
export function fastStream(seed: number): () => number {
  let a = 0;
  let b = 0;
  let c = seed | 0;
  let d = 1;
  const next = () => {
    const t = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + t) | 0;
    return t >>> 0;
  };
  for (let i = 0; i < 15; i++) next();
  return next;
}

/** Fills with uniform numbers in [−1, 1). */
export function fillSymmetric(values: Float32Array, seed: number): void {
  const next = fastStream(seed);
  for (let i = 0; i < values.length; i++) values[i] = next() / 2 ** 31 - 1;
}

const QUANTILES = 2 ** 16;
let table: Float32Array | undefined;

/** Standard normal quantiles at (i + ½) / 2¹⁶: a random index is a normal number up to ±4.3. */
export function normalQuantiles(): Float32Array {
  table ??= Float32Array.from({ length: QUANTILES }, (_, i) => quantile((i + 0.5) / QUANTILES));
  return table;
}

/** Inverse of the standard normal distribution function (Acklam 2003; relative error 1.2e-9). */
function quantile(p: number): number {
  if (p > 0.5) return -quantile(1 - p);
  if (p < 0.02425) {
    const q = Math.sqrt(-2 * Math.log(p));
    return (
      (((((-7.784894002430293e-3 * q - 0.3223964580411365) * q - 2.400758277161838) * q -
        2.549732539343734) *
        q +
        4.374664141464968) *
        q +
        2.938163982698783) /
      ((((7.784695709041462e-3 * q + 0.3224671290700398) * q + 2.445134137142996) * q +
        3.754408661907416) *
        q +
        1)
    );
  }
  const q = p - 0.5;
  const r = q * q;
  return (
    ((((((-39.69683028665376 * r + 220.9460984245205) * r - 275.9285104469687) * r +
      138.357751867269) *
      r -
      30.66479806614716) *
      r +
      2.506628277459239) *
      q) /
    (((((-54.47609879822406 * r + 161.5858368580409) * r - 155.6989798598866) * r +
      66.80131188771972) *
      r -
      13.28068155288572) *
      r +
      1)
  );
}
