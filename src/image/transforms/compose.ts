import { UsageError } from '../../graph/errors.ts';
import {
  type Drawn,
  defineTransform,
  parametersOf,
  releaseBetween,
  type Transform,
} from '../define-transform.ts';
import { chance, permutation, type RandomStream } from '../random.ts';
import type { Target } from '../target.ts';

/** Which child drew what, in the order in which they ran. */
interface Step {
  readonly child: number;
  readonly drawn: Drawn;
}

/** A transform that runs some of its children one after the other; `order` says which. */
function composite(
  name: string,
  children: readonly Transform[],
  extra: Readonly<Record<string, unknown>>,
  order: (random: RandomStream) => readonly number[] | null,
): Transform {
  if (children.length === 0) throw new UsageError(`${name}: give it at least one transform`);

  /** Runs steps on a target, forgetting what lies between. */
  function inTurn(target: Target, count: number, step: (i: number, target: Target) => Target) {
    let current = target;
    for (let i = 0; i < count; i++) {
      const next = step(i, current);
      if (next !== current) releaseBetween(target, current, next);
      current = next;
    }
    return current;
  }

  return {
    name,
    options: {
      transforms: children.map((child) => ({ name: child.name, ...child.options })),
      ...extra,
    },
    run(target, random) {
      const numbers = order(random);
      const parameters: Step[] = [];
      const result = inTurn(target, numbers?.length ?? 0, (i, current) => {
        const child = numbers![i]!;
        const applied = children[child]!.run(current, random);
        parameters.push({ child, drawn: applied.drawn });
        return applied.target;
      });
      return { target: result, drawn: { name, parameters: numbers && parameters } };
    },
    replay(target, drawn) {
      const steps = parametersOf<readonly Step[] | null>(name, drawn) ?? [];
      return inTurn(target, steps.length, (i, current) => {
        const { child, drawn: part } = steps[i]!;
        const transform = children[child];
        if (!transform) throw new UsageError(`${name}: cannot replay: it has no part ${child}`);
        return transform.replay(current, part);
      });
    },
  };
}

const checkP = (name: string, p: number) => {
  if (!(p >= 0 && p <= 1)) throw new UsageError(`${name}: p must lie in 0 … 1 (it is ${p})`);
};

const all = (transforms: readonly unknown[]) => transforms.map((_, i) => i);

/** All transforms in turn. */
export const compose = (transforms: readonly Transform[]): Transform =>
  composite('compose', transforms, {}, () => all(transforms));

/** All transforms in turn with probability p, or none. */
export function randomApply(transforms: readonly Transform[], p = 0.5): Transform {
  checkP('randomApply', p);
  return composite('randomApply', transforms, { p }, (random) =>
    chance(random, p) ? all(transforms) : null,
  );
}

/** One of the transforms, with probabilities proportional to `p` (default: all equal). */
export function randomChoice(
  transforms: readonly Transform[],
  p: readonly number[] = transforms.map(() => 1),
): Transform {
  const total = p.reduce((a, b) => a + b, 0);
  if (p.length !== transforms.length || !(total > 0) || p.some((x) => !(x >= 0))) {
    throw new UsageError(
      `randomChoice: p must have one weight >= 0 per transform (${transforms.length}), not all 0 (it is [${p.join(', ')}])`,
    );
  }
  return composite('randomChoice', transforms, { p }, (random) => {
    let left = random.uniform() * total;
    const chosen = p.findIndex((weight) => {
      left -= weight;
      return left < 0;
    });
    // Rounding may leave a little more than the last weight.
    return [chosen >= 0 ? chosen : p.findLastIndex((weight) => weight > 0)];
  });
}

/** All transforms in random order. */
export const randomOrder = (transforms: readonly Transform[]): Transform =>
  composite('randomOrder', transforms, {}, (random) => permutation(random, transforms.length));

export const identity = defineTransform({
  name: 'identity',
  doc: 'Changes nothing.',
  options: {},
  apply: (target) => target,
});

/**
 * A transform of one's own. `change` must leave its argument as it is, and depend on nothing else.
 */
export const lambda = (name: string, change: (target: Target) => Target): Transform => ({
  name,
  options: {},
  run: (target) => ({ target: change(target), drawn: { name, parameters: {} } }),
  replay: change,
});

/** One line per transform that was applied: its name and what it drew. */
export function describeDrawn({ name, parameters }: Drawn, depth = 0): string[] {
  const indent = '  '.repeat(depth);
  if (parameters === null) return [`${indent}${name}: not applied`];
  if (Array.isArray(parameters)) {
    const parts = (parameters as Step[]).flatMap(({ drawn }) => describeDrawn(drawn, depth + 1));
    return [`${indent}${name}`, ...parts];
  }
  const values = Object.entries(parameters as object)
    .map(([key, value]) => `${key} ${JSON.stringify(value, shortNumbers)}`)
    .join(', ');
  return [`${indent}${name}${values === '' ? '' : `: ${values}`}`];
}

const shortNumbers = (_: string, value: unknown) =>
  typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(4)) : value;
