import { byteSize } from '../../graph/index.ts';
import type { Plan } from '../engine.ts';
import type { Compiled } from './compile.ts';
import { readsOf } from './step.ts';

export function explain({ steps, calls, types, arenaBytes }: Compiled): Plan {
  const called = steps.map(() => new Set<string>());
  for (const { step, name } of calls) called[step]!.add(name);
  return {
    arenaBytes,
    steps: steps.map((step, i) => ({
      ops: step.ops,
      path: step.path,
      flops: step.flops,
      bytes: [...readsOf(step), ...step.outputs].reduce((sum, id) => sum + byteSize(types[id]!), 0),
      kernel: [...called[i]!].join(', '),
    })),
  };
}
