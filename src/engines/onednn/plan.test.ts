import { expect, test } from 'vitest';
import {
  buildProgram,
  gradients,
  input,
  type Program,
  sizeOf,
  type Tensor,
} from '../../graph/index.ts';
import { avgPool2d, conv2d, maxPool2d, mean, sigmoid } from '../../ops/index.ts';
import { type PrimitiveName, primitives } from '../../ops/primitives.ts';
import { dtypeCodes, type EncodedPlan, encodePlan } from './encode.ts';
import { loadAddon } from './native.ts';
import { patterns } from './patterns/index.ts';
import { schedule } from './schedule.ts';
import { Draft } from './steps.ts';

// Plans that no compiler of ours would write: the addon must refuse them, or run them within its own
// memory, and never take the process down.

const loaded = loadAddon();

function planOf(program: Program): EncodedPlan {
  const draft = new Draft(program);
  for (const pattern of patterns) pattern.apply(draft);
  const steps = schedule(program, draft.finish(), draft.types);
  return encodePlan(program, steps, draft.types, new Map());
}

function samplePlans(): EncodedPlan[] {
  return Object.values(primitives).flatMap((op) =>
    op.samples.map(({ inputs, attrs }) => {
      const tensors = inputs.map((given, i): Tensor | undefined => {
        if (given === undefined) return undefined;
        const sample = 'shape' in given ? given : { shape: given };
        return input(`x${i}`, sample.shape, sample.dtype);
      });
      const list = op.inputs[0]!.endsWith('...') ? [tensors] : tensors;
      const call = op as unknown as (...args: unknown[]) => Tensor | Record<string, Tensor>;
      const result = call(...list, ...(attrs ? [attrs] : []));
      const outputs = op.outputs ? (result as Record<string, Tensor>) : { y: result as Tensor };
      return planOf(buildProgram({ outputs, updates: [] }));
    }),
  );
}

/** Both directions of steps that images come to in lanes. */
function lanePlans(): EncodedPlan[] {
  const x = input('x', [16, 2, 4, 4]);
  const w = input('w', [3, 2, 2, 2]);
  return [avgPool2d, maxPool2d].map((pool) => {
    const loss = mean(pool(sigmoid(conv2d(x, w, { padding: 1 })), { kernel: 2 }));
    const [dx, dw] = gradients(loss, [x, w]);
    return planOf(buildProgram({ outputs: { loss, dx: dx!, dw: dw! }, updates: [] }));
  });
}

/** Feeds of the size that a plan, whatever became of it, says. */
function feedsOf(numbers: Float64Array): Uint8Array[] {
  const bytes = [4, 2, 4, 1, 1];
  const feeds: Uint8Array[] = [];
  let at = 2;
  for (let i = 0; i < numbers[1]!; i++) {
    const [dtype, source, index, rank] = numbers.subarray(at, at + 4) as unknown as number[];
    const shape = [...numbers.subarray(at + 4, at + 4 + rank!)];
    at += 4 + rank!;
    if (source === 1) feeds[index!] = new Uint8Array(sizeOf(shape) * bytes[dtype!]!).fill(63);
  }
  return Array.from({ length: numbers[0]! }, (_, i) => feeds[i] ?? new Uint8Array(0));
}

test.skipIf(!('addon' in loaded))(
  'no plan can crash the addon',
  async () => {
    if (!('addon' in loaded)) return;
    const { addon } = loaded;
    const engine = addon.create(2);
    const variables = await addon.createVariables(engine, [], []);
    const plans = [...samplePlans(), ...lanePlans()];
    const names = Object.keys(primitives) as PrimitiveName[];
    let state = 20;
    const random = (below: number): number => {
      state = (Math.imul(state, 1664525) + 1013904223) | 0;
      return Math.floor(((state >>> 8) / 0x1000000) * below);
    };
    const odd = [0, 1, 2, 3, 5, 16, 1000, -1, 0.5, 2 ** 31, 2 ** 40, Number.NaN, Infinity];
    const counts = { ran: 0, refused: 0 };
    for (let i = 0; i < 4000; i++) {
      const plan = plans[random(plans.length)]!;
      const numbers = plan.numbers.slice();
      for (let k = random(3); k >= 0; k--) {
        const at = random(numbers.length);
        const choice = random(3);
        numbers[at] =
          choice === 0
            ? odd[random(odd.length)]!
            : choice === 1
              ? numbers[at]! + 2 * random(2) - 1
              : numbers[random(numbers.length)]!;
      }
      const cut = random(20) === 0 ? numbers.slice(0, random(numbers.length)) : numbers;
      const ops = random(5) === 0 ? plan.ops.map(() => names[random(names.length)]!) : plan.ops;
      try {
        const { handle, arenaBytes } = await addon.compile(variables, ops, cut, plan.constants);
        if (arenaBytes < 1e8) await addon.run(handle, feedsOf(cut), false);
        addon.dispose(handle);
        counts.ran++;
      } catch (error) {
        expect(error).toBeInstanceOf(Error);
        counts.refused++;
      }
    }
    expect(counts.ran).toBeGreaterThan(100);
    expect(counts.refused).toBeGreaterThan(1000);
    addon.dispose(engine);
  },
  120_000,
);

test.skipIf(!('addon' in loaded))('entry points refuse what they cannot take', async () => {
  if (!('addon' in loaded)) return;
  const { addon } = loaded;
  const engine = addon.create(1);
  const types = [[dtypeCodes.float32, 3]];
  expect(() => addon.create(0)).toThrow(/out of range/);
  expect(() => addon.createVariables({}, [], [])).toThrow(/handle/);
  expect(() => addon.createVariables(engine, types, [new Float32Array(2)])).toThrow(/size/);
  expect(() => addon.compile(engine, [], new Float64Array(0), [])).toThrow(/another kind/);
  const variables = await addon.createVariables(engine, types, [new Float32Array(3)]);
  expect(() => addon.read(variables, [1])).toThrow(/out of range/);
  await expect(addon.compile(variables, [], new Float64Array(0), [])).rejects.toThrow(/too early/);
  addon.dispose(variables);
  addon.dispose(variables);
  expect(() => addon.read(variables, [0])).toThrow(/disposed/);
  addon.dispose(engine);
});
