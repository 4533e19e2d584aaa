import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  buildProgram,
  type Interval,
  input,
  lifetimes,
  planArena,
  randomStream,
} from '../../src/graph/index.ts';
import { add, exp, mul, tanh } from '../../src/ops/index.ts';

// The same cases on every run.
fc.configureGlobal({ seed: 1 });

const interval = fc
  .record({ bytes: fc.nat({ max: 500 }), first: fc.nat({ max: 20 }), length: fc.nat({ max: 8 }) })
  .map(({ bytes, first, length }): Interval => ({ bytes, first, last: first + length }));
const alignments = fc.constantFrom(1, 16, 64);
const rounded = (bytes: number, alignment: number) => Math.ceil(bytes / alignment) * alignment;

test('intervals that live at the same time never overlap, and fit into the arena', () => {
  fc.assert(
    fc.property(fc.array(interval, { maxLength: 40 }), alignments, (intervals, alignment) => {
      const { offsets, bytes } = planArena(intervals, alignment);
      intervals.forEach((a, i) => {
        expect(offsets[i]! % alignment).toBe(0);
        expect(offsets[i]! + a.bytes).toBeLessThanOrEqual(bytes);
        intervals.slice(0, i).forEach((b, j) => {
          if (a.last < b.first || b.last < a.first) return;
          const apart =
            offsets[i]! + a.bytes <= offsets[j]! || offsets[j]! + b.bytes <= offsets[i]!;
          expect(apart).toBe(true);
        });
      });
    }),
    { numRuns: 500 },
  );
});

test('an arena is no larger than all intervals together, and no smaller than the fullest moment', () => {
  fc.assert(
    fc.property(fc.array(interval, { maxLength: 40 }), alignments, (intervals, alignment) => {
      const { bytes } = planArena(intervals, alignment);
      const total = (list: readonly Interval[]) =>
        list.reduce((sum, { bytes: own }) => sum + rounded(own, alignment), 0);
      expect(bytes).toBeLessThanOrEqual(total(intervals));
      for (let time = 0; time <= 28; time++) {
        const alive = intervals.filter(({ first, last }) => first <= time && time <= last);
        expect(bytes).toBeGreaterThanOrEqual(total(alive));
      }
    }),
    { numRuns: 500 },
  );
});

test('values that never meet share their place', () => {
  const chain = Array.from({ length: 100 }, (_, i) => ({ bytes: 640, first: i, last: i + 1 }));
  expect(planArena(chain).bytes).toBe(2 * 640);
});

test('a plan stays near the fullest moment on long random programs', () => {
  const uniform = randomStream([5, 0], 0);
  const intervals = Array.from({ length: 400 }, (_, i) => ({
    bytes: 64 * (1 + Math.floor(uniform() * 50)),
    first: i,
    last: i + 1 + Math.floor(uniform() ** 4 * 60),
  }));
  const at = (time: number) =>
    intervals
      .filter(({ first, last }) => first <= time && time <= last)
      .reduce((sum, { bytes }) => sum + bytes, 0);
  const fullest = Math.max(...intervals.map(({ first }) => at(first)));
  expect(planArena(intervals).bytes).toBeLessThan(1.25 * fullest);
});

test('a value lives from the instruction that makes it to the last that reads it', () => {
  const x = input('x', [3]);
  const a = exp(x);
  const b = tanh(a);
  const program = buildProgram({ outputs: { b, y: add(mul(b, a), 1) }, updates: [] });
  const lives = lifetimes(program);
  const spans = program.instructions.map(({ op, outputs }) => [op, lives.get(outputs[0]!)]);
  expect(spans).toEqual([
    ['exp', { first: 0, last: 2 }],
    ['tanh', { first: 1, last: 4 }],
    ['mul', { first: 2, last: 3 }],
    ['add', { first: 3, last: 4 }],
  ]);
});
