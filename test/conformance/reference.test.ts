import { describe, expect, test } from 'vitest';
import { referenceEngine } from '../../src/engines/reference/engine.ts';
import { kernels } from '../../src/engines/reference/kernels.ts';
import type { Op } from '../../src/graph/index.ts';
import { primitives } from '../../src/ops/primitives.ts';
import { caseName, isDifferentiable, sampleCases } from './cases.ts';
import { gradientErrors } from './differences.ts';
import { fuzz } from './fuzz.ts';
import { conformance } from './run.ts';

conformance('reference', referenceEngine);

test('the ops that declare a function of one element are the element-wise ones', () => {
  const declared = Object.values<Op>(primitives).filter(({ scalar }) => scalar !== undefined);
  const listed = Object.entries(kernels).filter(([, kernel]) => kernel === 'elementwise');
  expect(listed.map(([name]) => name).sort()).toEqual(declared.map(({ name }) => name).sort());
});

describe('finite differences', () => {
  for (const given of sampleCases.filter(isDifferentiable)) {
    test(caseName(given), () => expect(gradientErrors(given)).toEqual([]));
  }
});

describe('finite differences on random shapes', () => {
  const { 'large convolution': _, ...small } = fuzz;
  for (const [family, cases] of Object.entries(small)) {
    test(family, { timeout: 60_000 }, () => {
      expect(cases.filter(isDifferentiable).flatMap(gradientErrors)).toEqual([]);
    });
  }
});
