import { expect, it } from 'vitest';
import { describePlan } from './describe-plan.ts';

it('prints a plan, one step a line', () => {
  const steps = [
    {
      ops: ['conv2d', 'add', 'relu'],
      kernel: 'conv2dPack, conv2d',
      path: ['net', 'conv1'],
      flops: 1.5e6,
      bytes: 4096,
    },
    { ops: ['reshape'], kernel: 'copyBytes', path: [], flops: 0, bytes: 64 },
  ];
  expect(describePlan({ steps, arenaBytes: 3 * 2 ** 20 })).toBe(
    [
      'conv2d + add + relu → conv2dPack, conv2d  1.50 MFLOP  # net › conv1',
      'reshape → copyBytes',
      'arena: 3.0 MiB',
    ].join('\n'),
  );
});
