import { UsageError } from '../../graph/errors.ts';
import { giveBytes } from '../buffers.ts';
import { defineTransform } from '../define-transform.ts';
import type { Image, Size } from '../image.ts';
import { weightedSum } from '../kernels/blend.ts';
import { WARP_INTERPOLATIONS, type WarpInterpolation } from '../kernels/warp.ts';
import { boolean, choice, fill, integer, number } from '../options.ts';
import { dirichlet, integerIn } from '../random.ts';
import type { Target } from '../target.ts';
import { POLICIES, POLICY_NAMES } from './learned-policies.ts';
import {
  AUG_MIX_PARTIAL_SPACE,
  AUG_MIX_SPACE,
  AUTO_AUGMENT_SPACE,
  anyOperation,
  applyOperation,
  drawOperation,
  type Operation,
  RAND_AUGMENT_SPACE,
  TRIVIAL_AUGMENT_SPACE,
} from './policies.ts';
import type { WarpHow } from './warp.ts';

const warping = (interpolation: WarpInterpolation) => ({
  interpolation: choice('How pixels between pixels are read.', WARP_INTERPOLATIONS, interpolation),
  fill: fill(),
});

interface Operations {
  readonly operations: readonly Operation[];
}

function applyOperations(target: Target, { operations }: Operations, how: WarpHow): Target {
  let current = target;
  for (const operation of operations) {
    const next = applyOperation(current, operation, how);
    const between = current.image.data;
    if (current !== target && next.image.data !== between && between !== target.image.data) {
      giveBytes(between);
    }
    current = next;
  }
  return current;
}

const sizeOf = ({ image }: Target): Size => [image.height, image.width];

export const autoAugment = defineTransform({
  name: 'autoAugment',
  doc: 'One of 25 learned pairs of operations.',
  options: {
    policy: choice('The data set that the pairs were learned on.', POLICY_NAMES, 'imagenet'),
    ...warping('nearest'),
  },
  draw(random, target, { policy }): Operations {
    const pairs = POLICIES[policy];
    const operations: Operation[] = [];
    for (const [op, p, bin] of pairs[random.below(pairs.length)]!) {
      if (random.uniform() > p) continue;
      operations.push(drawOperation(random, AUTO_AUGMENT_SPACE, op, bin ?? 0, 10, sizeOf(target)));
    }
    return { operations };
  },
  apply: applyOperations,
});

export const randAugment = defineTransform({
  name: 'randAugment',
  doc: 'Random operations, all at one strength.',
  options: {
    numOps: integer('Operations per image.', 2, { min: 0 }),
    magnitude: integer('Strength, 0 … numMagnitudeBins − 1.', 9, { min: 0 }),
    numMagnitudeBins: integer('Strengths that the scale is divided into.', 31, { min: 2 }),
    ...warping('nearest'),
  },
  draw(random, target, { numOps, magnitude, numMagnitudeBins: bins }): Operations {
    if (magnitude >= bins) {
      throw new UsageError(
        `randAugment: magnitude must be below numMagnitudeBins (they are ${magnitude} and ${bins})`,
      );
    }
    const operations = Array.from({ length: numOps }, () => {
      const op = anyOperation(random, RAND_AUGMENT_SPACE);
      return drawOperation(random, RAND_AUGMENT_SPACE, op, magnitude, bins, sizeOf(target));
    });
    return { operations };
  },
  apply: applyOperations,
});

export const trivialAugmentWide = defineTransform({
  name: 'trivialAugmentWide',
  doc: 'One random operation at a random strength.',
  options: {
    numMagnitudeBins: integer('Strengths that the scale is divided into.', 31, { min: 2 }),
    ...warping('nearest'),
  },
  draw(random, target, { numMagnitudeBins: bins }): Operations {
    const op = anyOperation(random, TRIVIAL_AUGMENT_SPACE);
    const bin = random.below(bins);
    return {
      operations: [drawOperation(random, TRIVIAL_AUGMENT_SPACE, op, bin, bins, sizeOf(target))],
    };
  },
  apply: applyOperations,
});

interface Mixture {
  /** Of the image itself. */
  readonly weight: number;
  readonly chains: readonly (Operations & { readonly weight: number })[];
}

const AUG_MIX_BINS = 10;

export const augMix = defineTransform({
  name: 'augMix',
  doc: 'Mixes the image with several versions of it, each after a chain of operations.',
  options: {
    severity: integer('Strengths are drawn from the lowest so many of ten.', 3, {
      min: 1,
      max: AUG_MIX_BINS,
    }),
    mixtureWidth: integer('Chains.', 3, { min: 1 }),
    chainDepth: integer('Operations per chain; −1: 1 to 3.', -1, { min: -1 }),
    alpha: number('Of the Dirichlet and Beta distributions of the weights.', 1, { min: 1e-6 }),
    allOps: boolean('Also brightness, colour, contrast and sharpness.', true),
    ...warping('bilinear'),
  },
  draw(random, target, { severity, mixtureWidth, chainDepth, alpha, allOps }): Mixture {
    const space = allOps ? AUG_MIX_SPACE : AUG_MIX_PARTIAL_SPACE;
    const [weight, rest] = dirichlet(random, alpha, 2) as [number, number];
    const parts = dirichlet(random, alpha, mixtureWidth);
    const chains = parts.map((part) => {
      const depth = chainDepth > 0 ? chainDepth : integerIn(random, 1, 3);
      const operations = Array.from({ length: depth }, () => {
        const op = anyOperation(random, space);
        const bin = random.below(severity);
        return drawOperation(random, space, op, bin, AUG_MIX_BINS, sizeOf(target));
      });
      return { weight: rest * part, operations };
    });
    return { weight, chains };
  },
  apply(target, { weight, chains }, how) {
    if (target.boxes || target.mask || target.keypoints) {
      throw new UsageError(
        'augMix: boxes, masks and keypoints cannot be mixed; use it for classification only',
      );
    }
    const { image } = target;
    const versions: Image[] = chains.map((chain) => applyOperations({ image }, chain, how).image);
    const mixed = weightedSum(
      [image, ...versions],
      [weight, ...chains.map((chain) => chain.weight)],
    );
    for (const { data } of versions) if (data !== image.data) giveBytes(data);
    return { ...target, image: mixed };
  },
});
