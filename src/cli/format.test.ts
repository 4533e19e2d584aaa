import { expect, it } from 'vitest';
import { bytes, clock, compact, counted, decimal, grouped, percent } from './format.ts';

it.each([
  [grouped(61_706), '61,706'],
  [counted(1, 'class', 'classes'), '1 class'],
  [counted(1204, 'image'), '1,204 images'],
  [decimal(0.48731), '0.4873'],
  [decimal(123.456), '123.5'],
  [decimal(Number.NaN), 'nan'],
  [percent(0.8731), '87.31 %'],
  [percent(0.034, 0), '3 %'],
  [clock(7.4), '0:07'],
  [clock(725), '12:05'],
  [clock(3723), '1:02:03'],
  [clock(Number.POSITIVE_INFINITY), '-:--'],
  [bytes(240), '240 B'],
  [bytes(18_816), '18.8 kB'],
  [bytes(26_421_880), '26.4 MB'],
  [bytes(999_900_000), '1.00 GB'],
  [compact(999), '999'],
  [compact(1_814_073_344), '1.81G'],
])('%s', (text, expected) => {
  expect(text).toBe(expected);
});
