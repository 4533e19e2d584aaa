/** Numbers and lists as sentences have them. */

/** `53.1 %`. */
export const percent = (share: number, digits = 1): string => `${(100 * share).toFixed(digits)} %`;

/** `3.1e-7`, `0.052`, `12`, `4.0e6`: two digits that count. */
export function power(value: number): string {
  const size = Math.abs(value);
  if (size !== 0 && (size < 0.001 || size >= 10_000))
    return value.toExponential(1).replace('+', '');
  return String(Number(value.toPrecision(2)));
}

/** `61.7k`, `138M`. */
export const short = (value: number): string =>
  value < 1e6 ? `${(value / 1e3).toPrecision(3)}k` : `${(value / 1e6).toPrecision(3)}M`;

/** `a`, `a and b`, `a, b and c`. */
export const listed = (words: readonly string[]): string =>
  words.length < 2 ? words.join() : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
