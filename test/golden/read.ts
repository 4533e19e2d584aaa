import { readFileSync } from 'node:fs';
import { expect } from 'vitest';

/** A tensor of a golden file. Numbers that JSON lacks are strings, such as "Infinity". */
export interface GoldenTensor {
  readonly shape: readonly number[];
  readonly data: readonly (number | string)[];
}

/** A golden file: facts about it, and its cases. */
export const readGolden = <Case, Facts = unknown>(
  subject: string,
): Facts & { readonly cases: readonly Case[] } =>
  JSON.parse(readFileSync(new URL(`${subject}/${subject}.json`, import.meta.url), 'utf8'));

export const numbersOf = (value: GoldenTensor | number): number[] =>
  typeof value === 'number' ? [value] : value.data.map(Number);

/** Asserts that two lists agree within `tolerance`, relative to numbers above 1. */
export function expectClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
): void {
  expect(actual.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) {
    const [a, b] = [actual[i]!, expected[i]!];
    if (!Number.isFinite(b)) expect(a, `element ${i}`).toBe(b);
    else if (!(Math.abs(a - b) <= tolerance * Math.max(1, Math.abs(b)))) {
      expect.fail(`element ${i} is ${a}, expected ${b}`);
    }
  }
}
