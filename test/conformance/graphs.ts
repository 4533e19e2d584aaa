import {
  buildProgram,
  gradients,
  input,
  type Lowered,
  lower,
  type NumberArray,
  optimize,
  type Program,
  type Shape,
  sizeOf,
  type Tensor,
  type Update,
  variable,
} from '../../src/graph/index.ts';
import {
  add,
  avgPool2d,
  batchNorm,
  concat,
  conv2d,
  dropout,
  globalAvgPool2d,
  greater,
  groupNorm,
  layerNorm,
  matmul,
  maxPool2d,
  mean,
  mul,
  pad,
  relu,
  reshape,
  select,
  sgdUpdate,
  sigmoid,
  silu,
  slice,
  softmax,
  sub,
  tanh,
  transpose,
} from '../../src/ops/index.ts';
import { type Random, seeded } from './fuzz.ts';

export interface RandomGraph {
  readonly name: string;
  /** Lowered, and as the composites left it. */
  readonly graph: Lowered;
  readonly feeds: Readonly<Record<string, NumberArray>>;
  readonly variables: Readonly<Record<string, NumberArray>>;
}

interface Builder {
  readonly random: Random;
  readonly x: Tensor;
  /** Any tensor so far. */
  readonly other: () => Tensor;
  /** A new variable, uniform from `low` to `high`. */
  readonly make: (shape: Shape, low?: number, high?: number) => Tensor;
}

type Step = (builder: Builder) => Tensor | undefined;

const onAny: readonly Step[] = [
  ({ x }) => relu(x),
  ({ x }) => tanh(x),
  ({ x }) => silu(x),
  ({ x }) => mul(sigmoid(x), x),
  ({ x }) => add(mul(x, 0.5), 1),
  ({ x, other }) => (String(other().shape) === String(x.shape) ? add(x, other()) : undefined),
  ({ x }) => add(x, relu(x)),
  ({ x }) => sub(x, mean(x, { axes: [x.shape.length - 1], keepDims: true })),
  ({ x, make }) => mul(x, make(x.shape.slice(1).map((size, i) => (i === 0 ? size : 1)))),
  ({ x, make }) => select(greater(make(x.shape), 0), x, mul(x, 0.25)),
  ({ x }) => dropout(x, { rate: 0.25 }),
  ({ x }) =>
    transpose(reshape(x, { shape: x.shape }), { axes: [1, 0, 2, 3].slice(0, x.shape.length) }),
];

const onImages: readonly Step[] = [
  ({ random, x, make }) => {
    const [kernel, o] = [random.pick([1, 3]), random.int(1, 6)];
    const w = make([o, x.shape[1]!, kernel, kernel], -0.5, 0.5);
    const y = conv2d(x, w, { padding: kernel >> 1, stride: random.int(1, 2) });
    const next = random.int(0, 2);
    if (next === 0) return relu(add(y, make([o, 1, 1])));
    if (next === 1) return relu(normalized(y, make));
    return y;
  },
  ({ x, make }) => (x.shape[0]! * x.shape[2]! * x.shape[3]! > 2 ? normalized(x, make) : undefined),
  ({ x, make }) => groupNorm(x, 1, make([x.shape[1]!]), make([x.shape[1]!]), { epsilon: 0.1 }),
  ({ x }) => maxPool2d(x, { kernel: 3, stride: 2, padding: 1, ceilMode: true }),
  ({ x }) => avgPool2d(x, { kernel: 2, stride: 1, padding: 1 }),
  ({ x }) => concat([x, tanh(x), x]),
  ({ x }) =>
    slice(x, { start: [0, 0, 0, 0], end: [x.shape[0]!, Math.ceil(x.shape[1]! / 2), 99, 99] }),
  ({ x }) => pad(x, { before: [0, 0, 1, 0], after: [0, 1, 0, 2] }),
  ({ x }) => globalAvgPool2d(x),
];

const onRows: readonly Step[] = [
  ({ random, x, make }) => matmul(x, make([x.shape[1]!, random.int(1, 9)])),
  ({ random, x, make }) =>
    relu(matmul(x, make([random.int(1, 9), x.shape[1]!]), { transposeB: true })),
  ({ x, make }) => layerNorm(x, make([x.shape[1]!]), make([x.shape[1]!]), { epsilon: 0.1 }),
  ({ x }) => softmax(x),
  ({ x }) => reshape(x, { shape: [...x.shape, 1, 1] }),
];

/** Epsilon is large so that channels without variance do not blow up rounding errors. */
const normalized = (x: Tensor, make: Builder['make']): Tensor => {
  const c = [x.shape[1]!];
  const batches = variable([], { name: `batches${ids++}`, trainable: false, initial: 0 }, 'int32');
  return batchNorm(x, make(c), make(c), make(c), make(c, 0.5, 2), batches, { epsilon: 0.1 });
};
let ids = 0;

function randomGraph(seed: number): RandomGraph {
  const random = seeded(1000 + seed);
  const mode = seed % 2 === 0 ? 'train' : 'infer';
  const trainable: Tensor[] = [];
  const values = new Map<Tensor, readonly [number, number]>();
  const make = (shape: Shape, low = -1, high = 1): Tensor => {
    const made = variable(shape, { name: `v${trainable.length}`, trainable: true, initial: 0 });
    trainable.push(made);
    values.set(made, [low, high]);
    return made;
  };
  const image = input('image', [
    random.int(2, 4),
    random.int(1, 4),
    random.int(3, 9),
    random.int(3, 9),
  ]);
  const pool = [image];
  for (let count = random.int(3, 12); count > 0; count--) {
    const x = random.pick([pool.at(-1)!, pool.at(-1)!, random.pick(pool)]);
    const special = x.shape.length === 4 ? onImages : onRows;
    const made = random.pick([...onAny, ...special, ...special])({
      random,
      x,
      make,
      other: () => pool.at(-1)!,
    });
    if (made !== undefined && sizeOf(made.shape) < 5000) pool.push(made);
  }

  const y = pool.at(-1)!;
  const { outputs, updates } = lower(
    { y, between: random.pick(pool), loss: mean(mul(y, y)) },
    mode,
  );
  const lr = input('lr', []);
  const learned: Update[] = [];
  if (mode === 'train') {
    const free = trainable.filter(
      (tensor) => !updates.some((update) => update.variable === tensor),
    );
    gradients(outputs.loss, free).forEach((grad, i) => {
      learned.push({ variable: free[i]!, value: sgdUpdate(free[i]!, grad, lr) });
    });
  }
  const graph = { outputs, updates: [...updates, ...learned] };
  const { inputs, variables, types } = buildProgram(graph);
  const draw = (shape: Shape, low: number, high: number) =>
    Float32Array.from(
      { length: sizeOf(shape) },
      () => low + (high - low) * (random.int(0, 2 ** 20) / 2 ** 20),
    );
  const initial: Record<string, NumberArray> = {};
  for (const { name, id } of variables) {
    const own = trainable.find((tensor) => tensor.node.attrs.name === name);
    initial[name] =
      own === undefined ? Int32Array.of(3) : draw(types[id]!.shape, ...values.get(own)!);
  }
  return {
    name: `graph ${seed}, ${mode}, ${pool.length - 1} steps`,
    graph,
    feeds: Object.fromEntries(
      inputs.map(({ name, id }) => [
        name,
        name === 'lr' ? Float32Array.of(0.05) : draw(types[id]!.shape, -1, 1),
      ]),
    ),
    variables: initial,
  };
}

/** Small networks put together at random, half of them with gradients and updates. */
export const randomGraphs: readonly RandomGraph[] = Array.from({ length: 80 }, (_, seed) =>
  randomGraph(seed),
);

export const optimizedProgram = ({ graph }: RandomGraph): Program => buildProgram(optimize(graph));
