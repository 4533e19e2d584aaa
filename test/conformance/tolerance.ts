import type { DType, NumberArray, Program } from '../../src/graph/index.ts';
import { sizeOf } from '../../src/graph/index.ts';
import type { PrimitiveName } from '../../src/ops/primitives.ts';

/** Half a unit in the last place of float32 numbers from 1 to 2. */
const epsilon = 2 ** -24;

/** Ops that move or choose numbers: every bit must survive. */
const exact: ReadonlySet<string> = new Set<PrimitiveName>([
  'abs',
  'argmax',
  'broadcastTo',
  'cast',
  'concat',
  'equal',
  'gather',
  'greater',
  'greaterEqual',
  'less',
  'lessEqual',
  'max',
  'maximum',
  'maxPool2dWithIndex',
  'min',
  'minimum',
  'neg',
  'oneHot',
  'pad',
  'relu',
  'relu6',
  'reshape',
  'select',
  'slice',
  'topK',
  'transpose',
]);

/** Ops that IEEE 754 rounds correctly, in units of epsilon: one, and one to spare. */
const rounded: ReadonlySet<string> = new Set<PrimitiveName>(['add', 'sub', 'mul', 'div', 'sqrt']);

/** Positive functions whose smallest values must be good too, however small. */
const relative: ReadonlySet<string> = new Set<PrimitiveName>([
  'exp',
  'pow',
  'rsqrt',
  'sigmoid',
  'softmax',
]);

/** Smooth curves, computed element by element: as good as their value or 1, whichever is larger. */
const curves: ReadonlySet<string> = new Set<PrimitiveName>([
  'elu',
  'eluGrad',
  'gelu',
  'geluGrad',
  'hardswish',
  'hardswishGrad',
  'leakyRelu',
  'leakyReluGrad',
  'lerp',
  'log',
  'randomDrop',
  'relu6Grad',
  'reluGrad',
  'sigmoidGrad',
  'silu',
  'siluGrad',
  'tanh',
  'tanhGrad',
]);

/** float32 numbers below this may lose everything. */
const tiny = 1e-30;

const largest = (values: ArrayLike<number>): number => {
  let most = 0;
  for (let i = 0; i < values.length; i++) most = Math.max(most, Math.abs(values[i]!));
  return most;
};

/** What an output may be off, for each element; 0 demands the same float32 number. */
export type Allowed = (want: number) => number;

/**
 * Exact, rounded and relative ops as above. Everything else sums: the error of n float32 terms
 * grows like √n and is proportional to the largest numbers around, whether or not they cancel.
 */
export function allowedError(
  program: Program,
  feeds: Readonly<Record<string, NumberArray>>,
  want: Float64Array,
): Allowed {
  const op = program.instructions.length === 1 ? program.instructions[0]!.op : '';
  if (exact.has(op)) return () => 0;
  if (rounded.has(op)) return (value) => 2 * epsilon * Math.abs(value) + tiny;
  if (relative.has(op)) return (value) => 16 * epsilon * Math.abs(value) + tiny;
  if (curves.has(op)) return (value) => 8 * epsilon * Math.max(Math.abs(value), 1);

  const elements = program.instructions
    .flatMap(({ outputs }) => outputs)
    .reduce((total, id) => total + sizeOf(program.types[id]!.shape), 0);
  const flops = program.instructions.reduce((total, instruction) => total + instruction.flops, 0);
  const inputs = Object.values(feeds).filter((array) => array instanceof Float32Array);
  const longest = Math.max(1, ...inputs.map((array) => array.length));
  const terms = Math.max(1, flops / elements, longest / want.length);
  const magnitude = Math.max(largest(want), ...inputs.map(largest));
  const error = 16 * epsilon * Math.sqrt(terms) * magnitude;
  return () => error;
}

/** The first difference that is not allowed, in words; undefined when there is none. */
export function difference(
  got: NumberArray | undefined,
  want: Float64Array,
  dtype: DType,
  allowed: Allowed,
): string | undefined {
  if (got === undefined) return 'is missing';
  if (got.length !== want.length) return `has ${got.length} elements, not ${want.length}`;
  const whole = dtype !== 'float32' && dtype !== 'bfloat16';
  let bad = 0;
  let first = '';
  for (let i = 0; i < want.length; i++) {
    const limit = whole ? 0 : allowed(want[i]!);
    const target = limit === 0 ? Math.fround(want[i]!) : want[i]!;
    if (Object.is(got[i], target) || Math.abs(got[i]! - target) <= limit) continue;
    if (bad++ === 0) first = `[${i}] is ${got[i]}, not ${want[i]} (± ${limit.toPrecision(2)})`;
  }
  return bad === 0 ? undefined : `${first}; ${bad} of ${want.length} elements differ`;
}
