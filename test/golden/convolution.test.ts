import { describe, test } from 'vitest';
import type { Tensor } from '../../src/graph/index.ts';
import {
  add,
  conv2d,
  convTranspose2d,
  type Pair,
  type Quad,
  reshape,
} from '../../src/ops/index.ts';
import { expectGolden, type GoldenCase } from './evaluate.ts';
import { readGolden } from './read.ts';

interface Options {
  readonly stride: Pair;
  readonly padding: Quad;
  readonly dilation: Pair;
  readonly groups: number;
  readonly outputPadding?: Pair;
}

const { cases } = readGolden<GoldenCase<Options>>('convolution');

/** Inputs are multiples of 1/8: results are exact. */
const exactly = 1e-12;

describe('convolution agrees with PyTorch', () => {
  for (const given of cases) {
    test(given.name, () => {
      const { outputPadding, ...options } = given.options;
      const build = ({ x, w, b }: Record<string, Tensor>) => {
        const y =
          given.op === 'conv'
            ? conv2d(x!, w!, options)
            : convTranspose2d(x!, w!, { ...options, outputPadding: outputPadding! });
        return add(y, reshape(b!, { shape: [-1, 1, 1] }));
      };
      expectGolden(given, build, exactly);
    });
  }
});
