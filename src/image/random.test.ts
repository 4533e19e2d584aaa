import { describe, expect, it } from 'vitest';
import { augmentationStream, randomStream } from './random.ts';

const numbers = (stream: { uint32(): number }, count = 6) =>
  Array.from({ length: count }, () => stream.uint32());

describe('randomStream', () => {
  it('depends on what its numbers are for, and on nothing else', () => {
    const place = { epoch: 2, sample: 9 };
    const stream = numbers(randomStream(5, 'augmentation', place));
    expect(numbers(randomStream(5, 'augmentation', place))).toEqual(stream);
    expect(numbers(augmentationStream(5, 2, 9))).toEqual(stream);
    const others = [
      randomStream(6, 'augmentation', place),
      randomStream(5, 'order', place),
      randomStream(5, 'augmentation', { ...place, epoch: 3 }),
      randomStream(5, 'augmentation', { ...place, sample: 10 }),
      randomStream(5, 'augmentation', { ...place, repeat: 1 }),
    ];
    for (const other of others) {
      const found = numbers(other, 100);
      expect(found.filter((number) => stream.includes(number))).toEqual([]);
    }
  });

  it('never changes between releases', () => {
    expect(
      numbers(randomStream(7, 'augmentation', { epoch: 1, sample: 3 }), 3),
    ).toMatchInlineSnapshot(`
      [
        4260980098,
        365895873,
        3808451963,
      ]
    `);
    expect(randomStream(7, 'mixing').below(10)).toMatchInlineSnapshot(`9`);
  });
});
