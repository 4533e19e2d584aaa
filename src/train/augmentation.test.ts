import { describe, expect, it } from 'vitest';
import { augmentationSteps, fitOf, testPreparation, trainPreparation } from './augmentation.ts';
import { resolveConfig, type TrainOptions } from './config.ts';

const names = (options: TrainOptions, otherwise?: string) =>
  augmentationSteps(resolveConfig(options), otherwise).map(({ name }) => name);

describe('augmentationSteps', () => {
  it('has shift and flip for short, before what augment says', () => {
    expect(names({ shift: 2, flip: 0.3 })).toEqual(['randomCrop', 'randomHorizontalFlip']);
    expect(names({ flip: 0.3, augment: 'color' })).toEqual(['randomHorizontalFlip', 'colorJitter']);
  });

  it('is what was said, or else what is usual', () => {
    expect(names({})).toEqual([]);
    expect(names({}, 'crop, flip')).toEqual(['randomResizedCrop', 'randomHorizontalFlip']);
    expect(names({ flip: 0.3 }, 'crop, flip')).toEqual(['randomHorizontalFlip']);
    expect(names({ augment: 'none' }, 'crop, flip')).toEqual([]);
    expect(names({ augment: ['blur', { name: 'jpeg', options: { quality: 50 } }] })).toEqual([
      'gaussianBlur',
      'jpeg',
    ]);
  });
});

describe('trainPreparation', () => {
  const shape = [3, 224, 224] as const;
  const prepare = (augment: string) =>
    trainPreparation(resolveConfig({ augment }), shape, fitOf('crop', 224));

  it('crops first, and lets the decoder shrink no more than the smallest crop allows', () => {
    const preparation = prepare('flip, mixup, crop(scale=[0.25, 1]), color');
    const { steps, enough } = preparation;
    expect(steps.map(({ name }) => name)).toEqual([
      'randomResizedCrop',
      'randomHorizontalFlip',
      'colorJitter',
    ]);
    expect(steps[0]!.options).toEqual({ size: [224, 224], scale: [0.25, 1] });
    expect(enough).toEqual([448, 448]);
    // Worker threads get it too.
    expect(structuredClone(preparation)).toEqual(preparation);
  });

  it('fits as testing does where nothing crops', () => {
    const { steps } = prepare('flip');
    expect(steps[0]).toEqual({
      name: 'fit',
      options: { size: [224, 224], mode: 'crop', shorterSide: 256 },
    });
    expect(testPreparation(shape, fitOf('crop', 224))).toEqual({ shape, steps: [steps[0]] });
    expect(testPreparation(shape, fitOf('pad', 224)).steps[0]!.options).toEqual({
      size: [224, 224],
      mode: 'pad',
    });
  });
});
