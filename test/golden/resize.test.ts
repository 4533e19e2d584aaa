import { describe, test } from 'vitest';
import type { Tensor } from '../../src/graph/index.ts';
import { type Pair, resizeBilinear, resizeNearest } from '../../src/ops/index.ts';
import { expectGolden, type GoldenCase } from './evaluate.ts';
import { readGolden } from './read.ts';

interface Case extends GoldenCase<never> {
  readonly mode: 'nearest' | 'nearestExact' | 'bilinear';
  readonly alignCorners: boolean | null;
  readonly output: Pair;
}

const { cases } = readGolden<Case>('resize');

/** Interpolation holds its weights in float32. */
const nearly = 1e-6;

describe('resizing agrees with PyTorch', () => {
  for (const given of cases) {
    test(given.name, (context) => {
      const { mode, output: size, alignCorners } = given;
      if (mode === 'nearestExact') context.skip('only PyTorch’s original "nearest" is offered');
      const build = ({ x }: Record<string, Tensor>) =>
        mode === 'nearest'
          ? resizeNearest(x!, { size })
          : resizeBilinear(x!, { size, alignCorners: alignCorners === true });
      expectGolden(given, build, nearly);
    });
  }
});
