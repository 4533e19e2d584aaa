import {
  baseName,
  buildProgram,
  constant,
  type DType,
  gradients,
  input,
  listOutputs,
  type NumberArray,
  type Op,
  optimize,
  type Program,
  randomStream,
  type SampleInput,
  type Shape,
  sizeOf,
  type Tensor,
} from '../../src/graph/index.ts';
import { add, mul, sum } from '../../src/ops/index.ts';
import { type PrimitiveName, primitives } from '../../src/ops/primitives.ts';

/** One op with the shapes and attributes to try it on. */
export interface Case {
  readonly op: PrimitiveName;
  readonly inputs: readonly SampleInput[];
  readonly attrs?: object | undefined;
}

export const sampleCases: readonly Case[] = Object.entries<Op>(primitives).flatMap(
  ([op, { samples }]) => samples.map((sample) => ({ op: op as PrimitiveName, ...sample })),
);

interface Described {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly low: number;
  readonly high: number;
}

function describe(sample: Exclude<SampleInput, undefined>): Described {
  const given = 'shape' in sample ? sample : { shape: sample };
  const dtype = given.dtype ?? 'float32';
  const [low, high] = dtype === 'float32' ? [-1, 1] : [0, dtype === 'bool' ? 2 : 10];
  return { shape: given.shape, dtype, low: given.low ?? low, high: given.high ?? high };
}

/** `conv2d [1,2,5,5] [3,2,3,3] {"padding":1}`; other than float32 from −1 to 1 is spelled out. */
export function caseName({ op, inputs, attrs }: Case): string {
  const shown = inputs.map((sample) => {
    if (sample === undefined) return '–';
    const { shape, dtype, low, high } = describe(sample);
    const plain = dtype === 'float32' && low === -1 && high === 1;
    return plain ? `[${shape}]` : `${dtype}[${shape}]:${low}..${high}`;
  });
  return [op, ...shown, ...(attrs === undefined ? [] : [JSON.stringify(attrs)])].join(' ');
}

/** FNV-1a, so that the numbers of a case depend on nothing but the case. */
const hash = (text: string): number => {
  let state = 0x811c9dc5;
  for (const char of text) state = Math.imul(state ^ char.codePointAt(0)!, 0x01000193);
  return state;
};

const arrayOf = {
  float32: Float32Array,
  bfloat16: Float32Array,
  int32: Int32Array,
  uint8: Uint8Array,
  bool: Uint8Array,
} as const satisfies Record<DType, unknown>;

/** Uniform numbers in [low, high), rounded down for whole-number dtypes. */
function randomNumbers(uniform: () => number, { shape, dtype, low, high }: Described): NumberArray {
  const numbers = new arrayOf[dtype](sizeOf(shape));
  for (let i = 0; i < numbers.length; i++) {
    const number = low + (high - low) * uniform();
    numbers[i] = dtype === 'float32' ? number : Math.floor(number);
  }
  return numbers;
}

/** A case as a program, with numbers to feed it. */
export interface Built {
  readonly program: Program;
  readonly feeds: Readonly<Record<string, NumberArray>>;
  readonly inputs: readonly Tensor[];
  /** Op outputs by name: `y`, or the names that the op declares. */
  readonly outputs: Readonly<Record<string, Tensor>>;
}

export function buildCase(given: Case): Built {
  const op: Op = primitives[given.op];
  const uniform = randomStream([hash(caseName(given)), 0], 0);
  const feeds: Record<string, NumberArray> = {};
  const args = given.inputs.map((sample, i) => {
    if (sample === undefined) return undefined;
    const described = describe(sample);
    const name = inputNames(op, i);
    feeds[name] = randomNumbers(uniform, described);
    return input(name, described.shape, described.dtype);
  });
  const call = op as unknown as (...args: unknown[]) => unknown;
  const list = op.inputs[0]!.endsWith('...') ? [args] : args;
  const result = call(...list, ...(given.attrs === undefined ? [] : [given.attrs]));
  const names = op.outputs ?? ['y'];
  const outputs = Object.fromEntries(
    listOutputs<Tensor>(op, result).map((tensor, i) => [names[i]!, tensor]),
  );
  return {
    program: buildProgram({ outputs, updates: [] }),
    feeds,
    inputs: args.filter((tensor) => tensor !== undefined),
    outputs,
  };
}

const inputNames = (op: Op, i: number): string =>
  op.inputs[0]!.endsWith('...') ? `${baseName(op.inputs[0]!)}${i}` : baseName(op.inputs[i]!);

/** Outputs through which no derivative is offered: reading them in a loss is an error. */
const withoutDerivative: Partial<Record<PrimitiveName, readonly string[]>> = {
  batchNormTrain: ['mean', 'variance'],
  standardize: ['rstd'],
};

const isFloating = ({ dtype }: { readonly dtype: DType }): boolean => dtype === 'float32';

/** Whether the op has a derivative from some input to some output of this case. */
export function isDifferentiable(given: Case): boolean {
  if (typeof (primitives[given.op] as Op).vjp !== 'function') return false;
  const { inputs, outputs } = buildCase(given);
  return inputs.some(isFloating) && Object.values(outputs).some(isFloating);
}

export interface BuiltGradient {
  /** The outputs that the scalar Σ r·y reads, each with its r. */
  readonly weights: Readonly<Record<string, Float32Array>>;
  /** Floating-point inputs of the op: what the gradients are of. */
  readonly wrt: readonly string[];
  /** Computes the gradient of Σ r·y, under the name of each of `wrt`. */
  readonly program: Program;
}

/** The vector-Jacobian product of a case as a program, for random cotangents r. */
export function buildGradient(given: Case, built: Built): BuiltGradient {
  const uniform = randomStream([hash(caseName(given)), 1], 0);
  const left = withoutDerivative[given.op] ?? [];
  const chosen = Object.entries(built.outputs).filter(
    ([name, tensor]) => isFloating(tensor) && !left.includes(name),
  );
  const weights: Record<string, Float32Array> = {};
  const terms = chosen.map(([name, { shape }]) => {
    const r = Float32Array.from({ length: sizeOf(shape) }, () => 2 * uniform() - 1);
    weights[name] = r;
    return sum(mul(built.outputs[name]!, constant(r, shape)));
  });
  const floating = built.inputs.filter(isFloating);
  const wrt = floating.map((tensor) => tensor.node.attrs.name as string);
  const loss = terms.reduce((a, b) => add(a, b));
  const grads = gradients(loss, floating);
  const outputs = Object.fromEntries(grads.map((grad, i) => [wrt[i]!, grad]));
  return { weights, wrt, program: buildProgram(optimize({ outputs, updates: [] })) };
}
