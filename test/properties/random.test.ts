import { describe, expect, test } from 'vitest';
import { interpret } from '../../src/engines/reference/interpret.ts';
import {
  buildProgram,
  gradients,
  input,
  lower,
  normalStream,
  philox4x32,
  randomStream,
} from '../../src/graph/index.ts';
import { dropout, mul, sum } from '../../src/ops/index.ts';

describe('Philox 4×32-10', () => {
  // Known answers of Random123, the authors' own library.
  const all = 0xffffffff;
  const answers = [
    [
      [0, 0, 0, 0],
      [0, 0],
      [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
    ],
    [
      [all, all, all, all],
      [all, all],
      [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
    ],
    [
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      [0xa4093822, 0x299f31d0],
      [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
    ],
  ] as const;
  for (const [counter, key, words] of answers) {
    test(`counter ${counter}, key ${key}`, () => expect(philox4x32(counter, key)).toEqual(words));
  }

  test('streams repeat by key and number, and differ between them', () => {
    const take = (stream: () => number) => Array.from({ length: 9 }, stream);
    expect(take(randomStream([1, 2], 3))).toEqual(take(randomStream([1, 2], 3)));
    expect(take(randomStream([1, 2], 3))).not.toEqual(take(randomStream([1, 2], 4)));
    expect(take(randomStream([1, 2], 3))).not.toEqual(take(randomStream([2, 2], 3)));
  });

  test('uniform and normal numbers have the moments of their distributions', () => {
    const count = 40_000;
    const moments = (next: () => number) => {
      const numbers = Array.from({ length: count }, next);
      const mean = numbers.reduce((a, b) => a + b, 0) / count;
      return [mean, numbers.reduce((a, b) => a + (b - mean) ** 2, 0) / count] as const;
    };
    const uniform = moments(randomStream([7, 0], 0));
    expect(uniform[0]).toBeCloseTo(1 / 2, 2);
    expect(uniform[1]).toBeCloseTo(1 / 12, 2);
    const normal = moments(normalStream(randomStream([7, 0], 1)));
    expect(Math.abs(normal[0])).toBeLessThan(4 / Math.sqrt(count));
    expect(Math.abs(normal[1] - 1)).toBeLessThan(6 / Math.sqrt(count));
  });
});

describe('dropout', () => {
  const length = 4003;
  const x = input('x', [length]);
  const numbers = Array.from({ length }, (_, i) => 1 + i / length);
  const train = (rate: number, seed: number, step: number) => {
    const { outputs } = lower({ y: dropout(x, { rate }), other: dropout(x, { rate }) }, 'train');
    const [dx] = gradients(sum(mul(outputs.y, 3)), [x]);
    const program = buildProgram({ outputs: { ...outputs, dx: dx! }, updates: [] });
    return interpret(program, { x: numbers }, { seed: [seed], step: [step] }).outputs;
  };

  test('keeps what the counter says, divided by 1 − rate', () => {
    for (const [rate, seed, step] of [
      [0.5, 0, 0],
      [0.25, 9, 1000],
      [0.9, -1, 2],
    ] as const) {
      const { y } = train(rate, seed, step);
      numbers.forEach((value, i) => {
        const word = philox4x32([i >> 2, step, 0, 0], [seed, 0])[i & 3]!;
        expect(y![i]).toBe(word >= rate * 2 ** 32 ? value / (1 - rate) : 0);
      });
    }
  });

  test('drops the fraction that it should, and keeps the mean', () => {
    const { y } = train(0.3, 4, 5);
    const dropped = y!.filter((value) => value === 0).length / length;
    expect(Math.abs(dropped - 0.3)).toBeLessThan(4 * Math.sqrt((0.3 * 0.7) / length));
    const mean = y!.reduce((a, b) => a + b, 0) / length;
    expect(mean).toBeCloseTo(1.5, 1);
  });

  test('the gradient passes where elements were kept', () => {
    const { y, dx } = train(0.4, 1, 1);
    dx!.forEach((grad, i) => {
      expect(grad).toBe(y![i] === 0 ? 0 : 3 / 0.6);
    });
  });

  test('every layer, step and seed has its own mask', () => {
    const { y, other } = train(0.5, 1, 1);
    const masks = [y!, other!, train(0.5, 1, 2).y!, train(0.5, 2, 1).y!].map((mask) => mask.join());
    expect(new Set(masks).size).toBe(4);
    expect(train(0.5, 1, 1).y).toEqual(y);
  });

  test('is the identity when inferring, and at rate 0', () => {
    expect(lower({ y: dropout(x) }, 'infer').outputs.y).toBe(x);
    expect(lower({ y: dropout(x, { rate: 0 }) }, 'train').outputs.y).toBe(x);
  });

  test('refuses rates outside [0, 1)', () => {
    for (const rate of [-0.1, 1, Number.NaN]) {
      expect(() => dropout(x, { rate })).toThrow('dropout: rate must be in [0, 1)');
    }
  });
});
