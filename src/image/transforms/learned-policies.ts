// The learned policies (Cubuk et al., "AutoAugment: Learning augmentation policies from data", 2019,
// appendix; values as in torchvision): pairs of [operation, probability, strength 0 … 9].

import type { OperationName } from './policies.ts';

/** [operation, probability, bin of ten]; without a bin the operation has no strength. */
export type PolicyStep = readonly [op: OperationName, p: number, bin: number | null];

type SubPolicy = readonly [PolicyStep, PolicyStep];

export type PolicyName = 'imagenet' | 'cifar10' | 'svhn';

export const POLICY_NAMES: readonly PolicyName[] = ['imagenet', 'cifar10', 'svhn'];

export const POLICIES: Readonly<Record<PolicyName, readonly SubPolicy[]>> = {
  imagenet: [
    [
      ['posterize', 0.4, 8],
      ['rotate', 0.6, 9],
    ],
    [
      ['solarize', 0.6, 5],
      ['autoContrast', 0.6, null],
    ],
    [
      ['equalize', 0.8, null],
      ['equalize', 0.6, null],
    ],
    [
      ['posterize', 0.6, 7],
      ['posterize', 0.6, 6],
    ],
    [
      ['equalize', 0.4, null],
      ['solarize', 0.2, 4],
    ],
    [
      ['equalize', 0.4, null],
      ['rotate', 0.8, 8],
    ],
    [
      ['solarize', 0.6, 3],
      ['equalize', 0.6, null],
    ],
    [
      ['posterize', 0.8, 5],
      ['equalize', 1.0, null],
    ],
    [
      ['rotate', 0.2, 3],
      ['solarize', 0.6, 8],
    ],
    [
      ['equalize', 0.6, null],
      ['posterize', 0.4, 6],
    ],
    [
      ['rotate', 0.8, 8],
      ['color', 0.4, 0],
    ],
    [
      ['rotate', 0.4, 9],
      ['equalize', 0.6, null],
    ],
    [
      ['equalize', 0.0, null],
      ['equalize', 0.8, null],
    ],
    [
      ['invert', 0.6, null],
      ['equalize', 1.0, null],
    ],
    [
      ['color', 0.6, 4],
      ['contrast', 1.0, 8],
    ],
    [
      ['rotate', 0.8, 8],
      ['color', 1.0, 2],
    ],
    [
      ['color', 0.8, 8],
      ['solarize', 0.8, 7],
    ],
    [
      ['sharpness', 0.4, 7],
      ['invert', 0.6, null],
    ],
    [
      ['shearX', 0.6, 5],
      ['equalize', 1.0, null],
    ],
    [
      ['color', 0.4, 0],
      ['equalize', 0.6, null],
    ],
    [
      ['equalize', 0.4, null],
      ['solarize', 0.2, 4],
    ],
    [
      ['solarize', 0.6, 5],
      ['autoContrast', 0.6, null],
    ],
    [
      ['invert', 0.6, null],
      ['equalize', 1.0, null],
    ],
    [
      ['color', 0.6, 4],
      ['contrast', 1.0, 8],
    ],
    [
      ['equalize', 0.8, null],
      ['equalize', 0.6, null],
    ],
  ],
  cifar10: [
    [
      ['invert', 0.1, null],
      ['contrast', 0.2, 6],
    ],
    [
      ['rotate', 0.7, 2],
      ['translateX', 0.3, 9],
    ],
    [
      ['sharpness', 0.8, 1],
      ['sharpness', 0.9, 3],
    ],
    [
      ['shearY', 0.5, 8],
      ['translateY', 0.7, 9],
    ],
    [
      ['autoContrast', 0.5, null],
      ['equalize', 0.9, null],
    ],
    [
      ['shearY', 0.2, 7],
      ['posterize', 0.3, 7],
    ],
    [
      ['color', 0.4, 3],
      ['brightness', 0.6, 7],
    ],
    [
      ['sharpness', 0.3, 9],
      ['brightness', 0.7, 9],
    ],
    [
      ['equalize', 0.6, null],
      ['equalize', 0.5, null],
    ],
    [
      ['contrast', 0.6, 7],
      ['sharpness', 0.6, 5],
    ],
    [
      ['color', 0.7, 7],
      ['translateX', 0.5, 8],
    ],
    [
      ['equalize', 0.3, null],
      ['autoContrast', 0.4, null],
    ],
    [
      ['translateY', 0.4, 3],
      ['sharpness', 0.2, 6],
    ],
    [
      ['brightness', 0.9, 6],
      ['color', 0.2, 8],
    ],
    [
      ['solarize', 0.5, 2],
      ['invert', 0.0, null],
    ],
    [
      ['equalize', 0.2, null],
      ['autoContrast', 0.6, null],
    ],
    [
      ['equalize', 0.2, null],
      ['equalize', 0.6, null],
    ],
    [
      ['color', 0.9, 9],
      ['equalize', 0.6, null],
    ],
    [
      ['autoContrast', 0.8, null],
      ['solarize', 0.2, 8],
    ],
    [
      ['brightness', 0.1, 3],
      ['color', 0.7, 0],
    ],
    [
      ['solarize', 0.4, 5],
      ['autoContrast', 0.9, null],
    ],
    [
      ['translateY', 0.9, 9],
      ['translateY', 0.7, 9],
    ],
    [
      ['autoContrast', 0.9, null],
      ['solarize', 0.8, 3],
    ],
    [
      ['equalize', 0.8, null],
      ['invert', 0.1, null],
    ],
    [
      ['translateY', 0.7, 9],
      ['autoContrast', 0.9, null],
    ],
  ],
  svhn: [
    [
      ['shearX', 0.9, 4],
      ['invert', 0.2, null],
    ],
    [
      ['shearY', 0.9, 8],
      ['invert', 0.7, null],
    ],
    [
      ['equalize', 0.6, null],
      ['solarize', 0.6, 6],
    ],
    [
      ['invert', 0.9, null],
      ['equalize', 0.6, null],
    ],
    [
      ['equalize', 0.6, null],
      ['rotate', 0.9, 3],
    ],
    [
      ['shearX', 0.9, 4],
      ['autoContrast', 0.8, null],
    ],
    [
      ['shearY', 0.9, 8],
      ['invert', 0.4, null],
    ],
    [
      ['shearY', 0.9, 5],
      ['solarize', 0.2, 6],
    ],
    [
      ['invert', 0.9, null],
      ['autoContrast', 0.8, null],
    ],
    [
      ['equalize', 0.6, null],
      ['rotate', 0.9, 3],
    ],
    [
      ['shearX', 0.9, 4],
      ['solarize', 0.3, 3],
    ],
    [
      ['shearY', 0.8, 8],
      ['invert', 0.7, null],
    ],
    [
      ['equalize', 0.9, null],
      ['translateY', 0.6, 6],
    ],
    [
      ['invert', 0.9, null],
      ['equalize', 0.6, null],
    ],
    [
      ['contrast', 0.3, 3],
      ['rotate', 0.8, 4],
    ],
    [
      ['invert', 0.8, null],
      ['translateY', 0.0, 2],
    ],
    [
      ['shearY', 0.7, 6],
      ['solarize', 0.4, 8],
    ],
    [
      ['invert', 0.6, null],
      ['rotate', 0.8, 4],
    ],
    [
      ['shearY', 0.3, 7],
      ['translateX', 0.9, 3],
    ],
    [
      ['shearX', 0.1, 6],
      ['invert', 0.6, null],
    ],
    [
      ['solarize', 0.7, 2],
      ['translateY', 0.6, 7],
    ],
    [
      ['shearY', 0.8, 4],
      ['invert', 0.8, null],
    ],
    [
      ['shearX', 0.7, 9],
      ['translateY', 0.8, 3],
    ],
    [
      ['shearY', 0.8, 5],
      ['autoContrast', 0.7, null],
    ],
    [
      ['shearX', 0.7, 2],
      ['invert', 0.1, null],
    ],
  ],
};
