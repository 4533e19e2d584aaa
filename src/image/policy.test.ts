import { describe, expect, it } from 'vitest';
import { UsageError } from '../graph/errors.ts';
import { transforms } from './catalogue.ts';
import { buildPolicy, parsePolicy, policyText, SHORT_NAMES } from './policy.ts';
import { augmentationStream } from './random.ts';

const image = (width: number, height: number) => ({
  data: new Uint8Array(width * height * 3).map((_, i) => i % 251),
  width,
  height,
  channels: 3 as const,
});

describe('parsePolicy', () => {
  it('reads short names, full names and torchvision names', () => {
    expect(parsePolicy('flip, randomVerticalFlip,RandomRotation(30), color_jitter')).toEqual([
      { name: 'randomHorizontalFlip', options: {} },
      { name: 'randomVerticalFlip', options: {} },
      { name: 'randomRotation', options: { degrees: 30 } },
      { name: 'colorJitter', options: {} },
    ]);
  });

  it("reads the book's policies", () => {
    const crop = { size: 200, scale: [0.1, 1], ratio: [0.5, 2] };
    for (const text of [
      'RandomResizedCrop(200, scale=[0.1,1], ratio=[0.5,2])',
      'RandomResizedCrop(200, scale=(0.1, 1), ratio=(0.5, 2))',
      'crop({"size": 200, "scale": [0.1, 1], "ratio": [0.5, 2]})',
    ]) {
      expect(parsePolicy(text)).toEqual([{ name: 'randomResizedCrop', options: crop }]);
    }
    expect(parsePolicy('color(brightness=0.5)')).toEqual([
      { name: 'colorJitter', options: { brightness: 0.5 } },
    ]);
  });

  it('gives a short name its own values only where nothing is said', () => {
    const [bare, some] = parsePolicy('blur, blur(sigma=[1, 2])');
    expect(bare!.options).toEqual({ kernelSize: 5 });
    expect(some!.options).toEqual({ kernelSize: 5, sigma: [1, 2] });
    expect(parsePolicy('affine(degrees=3)')[0]!.options).toEqual({ degrees: 3 });
  });

  it('takes names of options as Python has them', () => {
    expect(parsePolicy('RandAugment(num_ops=3, magnitude=4)')[0]!.options).toEqual({
      numOps: 3,
      magnitude: 4,
    });
  });

  it('nests', () => {
    const steps = parsePolicy(
      'apply(flip, color(hue=0.2), p=0.3), choice([blur, noise], p=[1, 2])',
    );
    expect(steps[0]).toEqual({
      name: 'randomApply',
      options: {
        transforms: [
          { name: 'randomHorizontalFlip', options: {} },
          { name: 'colorJitter', options: { hue: 0.2 } },
        ],
        p: 0.3,
      },
    });
    expect(buildPolicy(steps).sample.options.transforms).toHaveLength(2);
  });

  it('reads the lists of a configuration file, and what it gave itself', () => {
    const steps = parsePolicy(['flip, color', { name: 'rotate', options: { degrees: 3 } }]);
    expect(steps.map(({ name }) => name)).toEqual([
      'randomHorizontalFlip',
      'colorJitter',
      'randomRotation',
    ]);
    expect(parsePolicy(steps)).toEqual(steps);
    expect(parsePolicy(parsePolicy('order(flip, apply(blur, p=0.1))'))).toEqual(
      parsePolicy('order(flip, apply(blur, p=0.1))'),
    );
  });

  it.each([
    ['crpo', /no transform "crpo" \(did you mean "crop"\?\)/],
    ['flip(q=1)', /randomHorizontalFlip: no option "q"/],
    ['flip(1.5)', /p must be a number 0 … 1 \(it is 1.5\)/],
    ['flip(0.5, 1)', /takes 1 values/],
    ['flip(0.5, p=0.1)', /p is given twice/],
    ['color(brightnes=1)', /did you mean "brightness"/],
    ['flip(', /the end should be a value/],
    ['flip)', /"\)" should be ","/],
    ['flip color', /"color" should be ","/],
    ['0.5', /should be the name of a transform/],
    ['flip; color', /"; color" cannot be read/],
    ['crop(flip)', /size must be whole pixels/],
    ['crop(flip(1))', /takes no transforms/],
    ['crop(1e9)', /size must be whole pixels 1 … 16384/],
    ['resize(16385)', /size must be whole pixels 1 … 16384/],
    ['apply(mixup)', /mixes whole batches/],
    ['apply(flip, q=1)', /no option "q"/],
    ['apply(3)', /takes transforms/],
    ['apply()', /at least one transform/],
    ['flip(__proto__=1)', /no option "__proto__"/],
    [`flip(${'['.repeat(50)}`, /too many brackets/],
    ['x'.repeat(20_000), /20000 characters/],
  ])('refuses %s', (text, message) => {
    expect(() => parsePolicy(text)).toThrow(UsageError);
    expect(() => parsePolicy(text)).toThrow(message);
  });

  it('refuses a step that is none', () => {
    expect(() => parsePolicy([{ options: {} }])).toThrow(/a step must be text or/);
    expect(() => parsePolicy([3 as unknown as string])).toThrow(/a step must be text or/);
  });
});

describe('buildPolicy', () => {
  it('takes the size of the result from the network', () => {
    const { sample } = buildPolicy(parsePolicy('crop, flip'), { size: [20, 30] });
    const { target, drawn } = sample.run({ image: image(64, 48) }, augmentationStream(1));
    expect([target.image.height, target.image.width]).toEqual([20, 30]);
    expect(sample.replay({ image: image(64, 48) }, drawn).image.data).toEqual(target.image.data);
    expect(() => buildPolicy(parsePolicy('crop'))).toThrow(/size must be given/);
  });

  it('keeps what mixes batches apart', () => {
    const { sample, batch } = buildPolicy(parsePolicy('mixup(alpha=0.2), flip, cutmix'));
    expect(sample.name).toBe('randomHorizontalFlip');
    expect(batch.map(({ name }) => name)).toEqual(['mixUp', 'cutMix']);
    expect(batch[0]!.options).toMatchObject({ alpha: 0.2 });
  });

  it('has short names that work as they are', () => {
    for (const name of Object.keys(SHORT_NAMES)) {
      if (['apply', 'choice', 'order'].includes(name)) continue;
      const { sample } = buildPolicy(parsePolicy(name), { size: [16, 16] });
      const boxes = { format: 'xyxy' as const, data: Float64Array.of(5, 5, 30, 25) };
      const { target } = sample.run({ image: image(40, 30), boxes }, augmentationStream(1));
      expect(target.image.width, name).toBeGreaterThan(0);
    }
  });

  it('knows every transform by its full name', () => {
    for (const { spec } of transforms.values()) {
      const needs = Object.values(spec.options).some((option) => !('default' in option));
      if (!needs) expect(parsePolicy(spec.name)).toEqual([{ name: spec.name, options: {} }]);
    }
  });
});

it('policyText is read back as it was', () => {
  for (const text of ['flip, crop(200)', 'apply(flip, color(hue=0.2), p=0.3), mixup', '']) {
    const steps = parsePolicy(text);
    expect(parsePolicy(policyText(steps))).toEqual(steps);
  }
});
