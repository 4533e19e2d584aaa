import { expect, it } from 'vitest';
import { bytes, clock, compact, decimal, grouped, percent } from './format.ts';

it.each([
  [grouped(61_706), '61,706'],
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
  [compact(999), '999'],
  [compact(1_814_073_344), '1.81G'],
])('%s', (text, expected) => {
  expect(text).toBe(expected);
});
