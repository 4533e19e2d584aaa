/** Numbers, times and sizes as people read them. */

/** `61,706`. */
export const grouped = (value: number): string => Math.round(value).toLocaleString('en-US');

/** `1 image`, `1,204 images`; the plural is given where it is not the noun with an s. */
export const counted = (count: number, noun: string, plural = `${noun}s`): string =>
  `${grouped(count)} ${count === 1 ? noun : plural}`;

/** Four decimals at most, and fewer digits for large numbers: `0.4873`, `12.35`, `nan`. */
export function decimal(value: number): string {
  if (!Number.isFinite(value)) return String(value).toLowerCase();
  return Math.abs(value) < 10 ? value.toFixed(4) : value.toPrecision(4);
}

/** `87.31 %`, or `– %` when there is no such share. */
export const percent = (share: number, digits = 2): string =>
  Number.isFinite(share) ? `${(100 * share).toFixed(digits)} %` : '– %';

/** `0:07`, `12:05`, `1:02:03`. */
export function clock(seconds: number): string {
  if (!Number.isFinite(seconds)) return '-:--';
  const whole = Math.max(0, Math.round(seconds));
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (value: number) => String(value).padStart(2, '0');
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

const scaled = (value: number, base: number, units: readonly string[]): string => {
  // 999.5 is written with three digits as 1.00 of the next unit.
  const step = value < base ? 0 : Math.floor(Math.log(value / 0.9995) / Math.log(base));
  const unit = Math.min(step, units.length - 1);
  const number = value / base ** unit;
  return `${unit === 0 ? Math.round(number) : number.toPrecision(3)}${units[unit]}`;
};

/** `240 B`, `18.8 kB`, `26.4 MB`: powers of 1000. */
export const bytes = (value: number): string => scaled(value, 1000, [' B', ' kB', ' MB', ' GB']);

/** `0.24 MiB`, `44.6 MiB`, `1,204 MiB`: of 2²⁰ bytes. */
export function mebibytes(value: number): string {
  const size = value / 2 ** 20;
  return `${size < 100 ? size.toPrecision(3) : grouped(size)} MiB`;
}

/** `0.82`, `15.7`, `7,992`. */
export const imagesPerSecond = (value: number): string =>
  value < 100 ? value.toPrecision(3) : grouped(value);

/** `282k`, `1.81G`. */
export const compact = (value: number): string => scaled(value, 1000, ['', 'k', 'M', 'G', 'T']);
