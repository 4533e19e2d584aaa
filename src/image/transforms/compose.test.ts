import { describe, expect, it } from 'vitest';
import { UsageError } from '../../graph/errors.ts';
import type { Drawn } from '../define-transform.ts';
import { augmentationStream } from '../random.ts';
import type { Target } from '../target.ts';
import { colorJitter, randomInvert } from './color.ts';
import {
  compose,
  describeDrawn,
  identity,
  lambda,
  randomApply,
  randomChoice,
  randomOrder,
} from './compose.ts';
import { randomResizedCrop } from './crop.ts';
import { randomHorizontalFlip } from './flip.ts';

const source = (): Target => ({
  image: {
    data: Uint8Array.from({ length: 3 * 600 }, (_, i) => (i * 7) % 251),
    width: 30,
    height: 20,
    channels: 3,
  },
});

const policy = () =>
  compose([
    randomResizedCrop({ size: [12, 16] }),
    randomApply([colorJitter({ brightness: 0.3, hue: 0.1 }), randomInvert()], 0.7),
    randomChoice([identity(), randomInvert({ p: 1 })], [1, 3]),
    randomOrder([randomHorizontalFlip(), randomInvert(), identity()]),
  ]);

describe('composed transforms', () => {
  it('are the same again for the same sample, and when replayed from JSON', () => {
    for (let sample = 0; sample < 40; sample++) {
      const first = policy().run(source(), augmentationStream(9, 1, sample));
      const pixels = [...first.target.image.data];
      expect(first.target.image).toMatchObject({ width: 16, height: 12 });
      const drawn = JSON.parse(JSON.stringify(first.drawn)) as Drawn;
      expect([...policy().replay(source(), drawn).image.data]).toEqual(pixels);
      expect([...first.target.image.data]).toEqual(pixels);
    }
  });

  it('never reuse the memory of what was given to them or returned', () => {
    const given = source();
    const before = [...given.image.data];
    const results = Array.from({ length: 20 }, (_, sample) => {
      const { image } = policy().run(given, augmentationStream(4, 0, sample)).target;
      return { image, copy: [...image.data] };
    });
    expect([...given.image.data]).toEqual(before);
    for (const { image, copy } of results) expect([...image.data]).toEqual(copy);
  });

  it('say what they drew', () => {
    const { drawn } = compose([randomHorizontalFlip({ p: 0 }), randomResizedCrop({ size: 8 })]).run(
      source(),
      augmentationStream(1),
    );
    expect(describeDrawn(drawn)).toEqual([
      'compose',
      '  randomHorizontalFlip: not applied',
      expect.stringMatching(/^ {2}randomResizedCrop: top \d+, left \d+, height \d+, width \d+$/),
    ]);
  });

  it('choose in proportion to their weights', () => {
    const choice = randomChoice([identity(), randomInvert({ p: 1 })], [1, 3]);
    let inverted = 0;
    for (let sample = 0; sample < 4000; sample++) {
      const { target } = choice.run(source(), augmentationStream(2, 0, sample));
      if (target.image.data[0] === 255) inverted++;
    }
    // Four standard deviations.
    expect(Math.abs(inverted - 3000)).toBeLessThan(4 * Math.sqrt(4000 * 0.75 * 0.25));
  });

  it('refuse what cannot be', () => {
    expect(() => compose([])).toThrow(UsageError);
    expect(() => randomApply([identity()], 2)).toThrow(/p must lie in 0 … 1/);
    expect(() => randomChoice([identity()], [0])).toThrow(/one weight >= 0 per transform/);
    const { drawn } = randomInvert().run(source(), augmentationStream(1));
    expect(() => compose([identity()]).replay(source(), drawn)).toThrow(
      /cannot replay what randomInvert drew/,
    );
  });

  it('take a function of one’s own', () => {
    const grey = lambda('grey', (target) => ({
      ...target,
      image: { ...target.image, data: target.image.data.map(() => 128) },
    }));
    const { target, drawn } = compose([grey]).run(source(), augmentationStream(1));
    expect(target.image.data[5]).toBe(128);
    expect(describeDrawn(drawn)).toEqual(['compose', '  grey']);
  });
});
