import type { Plan } from '../engine.ts';
import type { Compiled } from './compile.ts';

export function explain({ steps, calls, arenaBytes }: Compiled): Plan {
  const called = steps.map(() => new Set<string>());
  for (const { step, name } of calls) called[step]!.add(name);
  return {
    arenaBytes,
    steps: steps.map(({ ops, path, flops }, i) => ({
      ops,
      path,
      flops,
      kernel: [...called[i]!].join(', '),
    })),
  };
}
