import { describe, expect, test } from 'vitest';
import type { Engine } from '../../src/engines/engine.ts';
import { interpret } from '../../src/engines/reference/interpret.ts';
import { buildProgram, input, type Op, type Tensor } from '../../src/graph/index.ts';
import { primitives } from '../../src/ops/primitives.ts';
import { difference } from './tolerance.ts';

/** Numbers on which a formula overflows, cancels or hides that something went wrong. */
const extremes = [Number.NaN, 0, 1e4, -1e4, 1e30, -1e30, 100, -100, 1e-30, -1e-30];

const curves = Object.values<Op>(primitives).filter(
  ({ scalar, inputs }) => scalar !== undefined && /^(x|saved,dy)$/.test(inputs.join()),
);

/** Element-wise ops on extreme numbers: NaN must stay NaN, and no formula may overflow on its way. */
export function extremeNumbers(engineOf: () => Engine): void {
  describe('extreme numbers', () => {
    for (const op of curves) {
      test(op.name, async () => {
        const types = op.inputs.map((name) => input(name, [extremes.length]));
        const y = (op as unknown as (...args: Tensor[]) => Tensor)(...types);
        const program = buildProgram({ outputs: { y }, updates: [] });
        const x = Float32Array.from(extremes);
        const feeds = op.inputs.length === 1 ? { x } : { saved: x, dy: x.map(() => 0.5) };
        const want = interpret(program, feeds).outputs.y!.map(Math.fround);
        await using variables = await engineOf().createVariables([], {});
        await using executable = await engineOf().compile(program, variables);
        const { y: got } = await executable.run(feeds);
        const allowed = (value: number) => 1e-6 * Math.max(1, Math.abs(value));
        expect(difference(got, want, 'float32', allowed)).toBeUndefined();
      });
    }
  });
}
