import type { Plan, PlanStep } from './engine.ts';

const describeStep = ({ ops, kernel, path, flops }: PlanStep): string =>
  [
    `${ops.join(' + ')} → ${kernel}`,
    flops === 0 ? '' : `  ${(flops / 1e6).toFixed(2)} MFLOP`,
    path.length === 0 ? '' : `  # ${path.join(' › ')}`,
  ].join('');

/** A plan as text, one step a line. */
export const describePlan = ({ steps, arenaBytes }: Plan): string =>
  [...steps.map(describeStep), `arena: ${(arenaBytes / 2 ** 20).toFixed(1)} MiB`].join('\n');
