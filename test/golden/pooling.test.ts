import { describe, test } from 'vitest';
import type { Tensor } from '../../src/graph/index.ts';
import {
  adaptiveAvgPool2d,
  adaptiveMaxPool2d,
  avgPool2d,
  maxPool2d,
  type Pair,
} from '../../src/ops/index.ts';
import { expectGolden, type GoldenCase } from './evaluate.ts';
import { readGolden } from './read.ts';

interface Options {
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly padding: Pair;
  readonly ceilMode: boolean;
  readonly countIncludePad: boolean;
  readonly dilation?: Pair;
  readonly divisor?: number | null;
  readonly output: Pair;
}

const { cases } = readGolden<GoldenCase<Options>>('pooling');

const poolings: Readonly<Record<string, (x: Tensor, options: Options) => Tensor>> = {
  maxPool: (x, { kernel, stride, padding, ceilMode }) =>
    maxPool2d(x, { kernel, stride, padding, ceilMode }),
  averagePool: (x, { kernel, stride, padding, ceilMode, countIncludePad }) =>
    avgPool2d(x, { kernel, stride, padding, ceilMode, countIncludePad }),
  adaptiveAveragePool: (x, { output }) => adaptiveAvgPool2d(x, output),
  adaptiveMaxPool: (x, { output }) => adaptiveMaxPool2d(x, output),
};

const notOffered = ({ dilation, divisor }: Options): string | undefined => {
  if (dilation?.some((step) => step !== 1)) return 'max pooling has no dilation';
  return divisor == null ? undefined : 'average pooling divides by the number of cells only';
};

/** Adaptive averaging holds its weights in float32. */
const nearly = 1e-6;

describe('pooling agrees with PyTorch', () => {
  for (const given of cases) {
    test(given.name, (context) => {
      const reason = notOffered(given.options);
      if (reason !== undefined) context.skip(reason);
      expectGolden(given, ({ x }) => poolings[given.op]!(x!, given.options), nearly);
    });
  }
});
