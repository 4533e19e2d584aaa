import { afterEach, describe, expect, it } from 'vitest';
import type { Image } from './image.ts';
import { augmentationStream } from './random.ts';
import { augMix, autoAugment, randAugment, trivialAugmentWide } from './transforms/auto-augment.ts';
import { colorJitter } from './transforms/color.ts';
import { compose } from './transforms/compose.ts';
import { randomCrop } from './transforms/crop.ts';
import { randomHorizontalFlip } from './transforms/flip.ts';
import { randomRotation } from './transforms/warp.ts';
import { isResident, useKernels } from './wasm/memory.ts';
import { releaseImage, workingCopy } from './workspace.ts';

const SIDE = 1024;

/** 3 MiB, of which some twenty find room. */
function picture(): Image {
  const data = Uint8Array.from({ length: 3 * SIDE * SIDE }, (_, i) => (i * i) >> 5);
  return { data, width: SIDE, height: SIDE, channels: 3 };
}

const image = picture();
const taken: Image[] = [];

function take(from: Image): Image {
  const copy = workingCopy(from);
  taken.push(copy);
  return copy;
}

afterEach(() => {
  useKernels(true);
  for (const each of taken.splice(0)) releaseImage(each);
});

const same = (a: Image, b: Image) =>
  a.width === b.width && a.height === b.height && Buffer.compare(a.data, b.data) === 0;

const policy = compose([
  randomCrop({ size: [560, 590], padding: 40 }),
  randomHorizontalFlip({ p: 1 }),
  randomRotation({ degrees: 20, interpolation: 'bilinear' }),
  colorJitter({ brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.1 }),
]);
const stream = (sample: number) => augmentationStream(1, 0, sample);

describe('working copies', () => {
  it('are copies', () => {
    const copy = take(image);
    expect(isResident(copy.data)).toBe(true);
    expect(same(copy, image)).toBe(true);
  });

  it('go through transforms as other images do, and their results stay with them', () => {
    const copy = take(image);
    for (let sample = 0; sample < 3; sample++) {
      const { image: there } = policy.run({ image: copy }, stream(sample)).target;
      const { image: here } = policy.run({ image }, stream(sample)).target;
      expect(isResident(there.data)).toBe(true);
      expect(isResident(here.data)).toBe(false);
      expect(same(there, here)).toBe(true);
      releaseImage(there);
    }
    expect(same(copy, image)).toBe(true);
  });

  it.each([
    ['a chain', policy],
    ['autoAugment', autoAugment()],
    ['randAugment', randAugment({ numOps: 4 })],
    ['trivialAugmentWide', trivialAugmentWide()],
    ['augMix', augMix()],
  ])(
    'leave nothing behind when they are released: %s',
    (_, transform) => {
      const [width, height] = [600, 600];
      const small = {
        data: image.data.subarray(0, 3 * width * height),
        width,
        height,
        channels: 3,
      };
      for (let i = 0; i < 80; i++) {
        const copy = workingCopy(small as Image);
        expect(isResident(copy.data)).toBe(true);
        const { target } = transform.run({ image: copy }, stream(i));
        expect(isResident(target.image.data)).toBe(true);
        if (target.image.data !== copy.data) releaseImage(target.image);
        releaseImage(copy);
      }
    },
    60_000,
  );

  it('do not share memory', () => {
    const many = Array.from({ length: 10 }, () => take(image));
    many.forEach(({ data }, i) => {
      data.fill(i);
    });
    releaseImage(many[4]!);
    take(image).data.fill(99);
    many.forEach(({ data }, i) => {
      if (i !== 4) expect(data.every((value) => value === i)).toBe(true);
    });
  });

  it('are ordinary arrays where there is no room, and give the same', () => {
    while (isResident(take(image).data));
    const full = taken.at(-1)!;
    expect(same(full, image)).toBe(true);
    const { image: there } = policy.run({ image: taken[0]! }, stream(5)).target;
    const { image: here } = policy.run({ image }, stream(5)).target;
    expect(same(there, here)).toBe(true);
  });

  it('are ordinary arrays where there are no kernels', () => {
    useKernels(false);
    const copy = take(image);
    expect(isResident(copy.data)).toBe(false);
    expect(same(copy, image)).toBe(true);
  });

  it('may be released twice', () => {
    const first = workingCopy(image);
    releaseImage(first);
    releaseImage(first);
    const [a, b] = [take(image), take(image)];
    expect(a.data.byteOffset).not.toBe(b.data.byteOffset);
  });
});
