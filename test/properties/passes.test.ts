import { describe, expect, test } from 'vitest';
import { interpret } from '../../src/engines/reference/interpret.ts';
import {
  buildProgram,
  constant,
  gradients,
  input,
  type Lowered,
  lower,
  optimize,
  printProgram,
  type Tensor,
  topological,
  variable,
} from '../../src/graph/index.ts';
import {
  add,
  batchNorm,
  cast,
  channelAffine,
  conv2d,
  div,
  exp,
  mul,
  pad,
  relu,
  reshape,
  sgdUpdate,
  sub,
  sum,
  tanh,
  topK,
} from '../../src/ops/index.ts';
import { randomGraphs } from '../conformance/graphs.ts';
import { evaluate, opsOf } from './evaluate.ts';

const plain = (outputs: Record<string, Tensor>): Lowered => ({ outputs, updates: [] });
const state = (name: string, shape: readonly number[]) =>
  variable(shape, { name, trainable: false, initial: 0 });

describe('optimize', () => {
  /** Folding rounds constants to float32. */
  const close = 1e-6;

  for (const { name, graph, feeds, variables } of randomGraphs) {
    test(`keeps the results of ${name}`, () => {
      const before = interpret(buildProgram(graph), feeds, variables);
      const after = interpret(buildProgram(optimize(graph)), feeds, variables);
      for (const part of ['outputs', 'updates'] as const) {
        expect(Object.keys(after[part])).toEqual(Object.keys(before[part]));
        for (const [key, want] of Object.entries(before[part])) {
          const scale = want.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
          want.forEach((value, i) => {
            expect(Math.abs(after[part][key]![i]! - value)).toBeLessThanOrEqual(close * scale);
          });
        }
      }
    });
  }

  test('settles: a second time changes nothing', () => {
    for (const { graph } of randomGraphs) {
      const once = optimize(graph);
      expect(opsOf(optimize(once))).toEqual(opsOf(once));
    }
  });

  test('merges what computes the same from the same', () => {
    const x = input('x', [3]);
    const y = add(mul(exp(x), 2), tanh(mul(exp(x), 2)));
    expect(opsOf(optimize(plain({ y })))).toEqual(['exp', 'mul', 'tanh', 'add']);
  });

  test('tells apart attributes that JSON does not', () => {
    const x = input('x', [1]);
    const padded = (value: number) => pad(x, { before: [1], after: [0], value });
    const outputs = {
      low: padded(Number.NEGATIVE_INFINITY),
      high: padded(Number.POSITIVE_INFINITY),
      none: padded(Number.NaN),
    };
    const program = buildProgram(optimize(plain(outputs)));
    expect(interpret(program, { x: [1] }).outputs).toEqual({
      low: Float64Array.of(Number.NEGATIVE_INFINITY, 1),
      high: Float64Array.of(Number.POSITIVE_INFINITY, 1),
      none: Float64Array.of(Number.NaN, 1),
    });
  });

  test('what nothing reads falls away', () => {
    const x = input('x', [2, 3]);
    const unused = exp(x);
    const y = reshape(reshape(add(x, 0), { shape: [6] }), { shape: [3, 2] });
    tanh(unused);
    expect(opsOf(optimize(plain({ y })))).toEqual(['reshape']);
    expect(opsOf(plain({ x: mul(x, 2) }))).toEqual(['mul']);
  });

  test('drops neutral elements only where the shape stays', () => {
    const x = input('x', [3]);
    expect(opsOf(optimize(plain({ y: mul(add(sub(x, 0), 0), 1) })))).toEqual([]);
    const wide = add(x, constant(0, [2, 3]));
    expect(opsOf(optimize(plain({ wide })))).toEqual(['add']);
  });

  test('folds constants as their dtype stores them', () => {
    const half = div(constant(3, [2], 'int32'), constant(2, [2], 'int32'));
    const third = div(constant(1), constant(3));
    const { constants, instructions } = buildProgram(optimize(plain({ half, third })));
    expect(instructions).toEqual([]);
    expect(constants.map(({ data }) => data)).toEqual([1, Math.fround(1 / 3)]);
  });
});

describe('batch normalisation', () => {
  const [n, c, o] = [2, 3, 4];
  const x = input('x', [n, c, 5, 5]);
  const w = state('w', [o, c, 3, 3]);
  const names = ['weight', 'bias', 'mean', 'variance'] as const;
  const parts = names.map((name) => state(name, [o])) as [Tensor, Tensor, Tensor, Tensor];
  const batches = variable([], { name: 'batches', trainable: false, initial: 0 }, 'int32');
  const convolved = conv2d(x, w, { padding: 1 });
  const y = relu(batchNorm(convolved, ...parts, batches));

  const wave = (length: number, low: number, high: number, speed: number) =>
    Array.from({ length }, (_, i) => low + ((high - low) * (1 + Math.sin(speed * i))) / 2);
  const feeds = { x: wave(n * c * 25, -1, 1, 1.7) };
  const variables = {
    w: wave(o * c * 9, -1, 1, 2.3),
    weight: wave(o, 0.5, 2, 1),
    bias: wave(o, -1, 1, 2),
    mean: wave(o, -1, 1, 3),
    variance: wave(o, 0.5, 2, 4),
    batches: [7],
  };

  const biased = add(convolved, reshape(parts[2], { shape: [o, 1, 1] }));
  test.each([
    ['before it', y],
    ['with a bias before it', relu(batchNorm(biased, ...parts, batches))],
  ])('folds into the convolution %s: the same outputs, and no affine', (_, y) => {
    const graph = lower({ y }, 'infer');
    expect(opsOf(graph)).toContain('channelAffine');
    const folded = optimize(graph);
    expect(opsOf(folded)).not.toContain('channelAffine');
    const perRun = buildProgram(folded).instructions.filter(({ hoisted }) => !hoisted);
    expect(perRun.map(({ op }) => op)).toEqual(['conv2d', 'add', 'relu']);
    const want = interpret(buildProgram(graph), feeds, variables).outputs.y!;
    const got = interpret(buildProgram(folded), feeds, variables).outputs.y!;
    got.forEach((value, i) => {
      expect(value).toBeCloseTo(want[i]!, 6);
    });
  });

  test('stays when somebody else reads the convolution', () => {
    const used = optimize(lower({ y, convolved }, 'infer'));
    expect(opsOf(used)).toContain('channelAffine');
    const through = channelAffine(
      reshape(convolved, { shape: convolved.shape }),
      parts[0],
      parts[1],
    );
    expect(opsOf(optimize(plain({ through, convolved })))).toContain('channelAffine');
  });

  test('reports its updates when training, and none when inferring', () => {
    const { updates } = lower({ y }, 'train');
    expect(updates.map(({ variable: target }) => target)).toEqual([parts[2], parts[3], batches]);
    expect(lower({ y }, 'infer').updates).toEqual([]);
    const got = interpret(buildProgram(lower({ y }, 'train')), feeds, variables).updates;
    expect(got.batches).toEqual(Float64Array.of(8));
  });

  test('refuses to train on one value per channel', () => {
    const single = batchNorm(input('one', [1, o, 1, 1]), ...parts, batches);
    expect(() => lower({ single }, 'train')).toThrow(
      'batchNorm: training needs more than one value per channel (x is [1, 4, 1, 1])',
    );
  });

  test('its statistics are no part of a loss', () => {
    const { outputs } = lower({ y: batchNorm(convolved, ...parts, batches) }, 'train');
    const [, mean] = outputs.y.node.outputs;
    expect(() => gradients(sum(mean!), [x])).toThrow(
      'batchNorm: its statistics have no derivative',
    );
  });
});

describe('deep graphs', () => {
  const x = input('x', []);
  let y = x;
  for (let i = 0; i < 20_000; i++) y = i % 2 === 0 ? add(y, 1) : sub(y, 1);

  test('are sorted, lowered, optimised, differentiated and run without recursion', () => {
    expect(topological([y])).toHaveLength(2 * 20_000 + 1);
    const [dx] = gradients(lower({ y }, 'train').outputs.y, [x]);
    const program = buildProgram(optimize(plain({ y, dx: dx! })));
    expect(interpret(program, { x: [5] }).outputs).toEqual({
      y: Float64Array.of(5),
      dx: Float64Array.of(1),
    });
  });
});

describe('gradients', () => {
  const x = input('x', [3]);
  const at = { x: [1, -2, 3] };

  test('of a tensor used several times add up', () => {
    const cube = mul(mul(x, x), x);
    const [dx] = gradients(sum(add(cube, mul(x, 4))), [x]);
    expect(Array.from(evaluate({ dx: dx! }, at).dx!)).toEqual([7, 16, 31]);
  });

  test('of a tensor used twice by one op add up', () => {
    const [dx] = gradients(sum(mul(x, x)), [x]);
    expect(Array.from(evaluate({ dx: dx! }, at).dx!)).toEqual([2, -4, 6]);
  });

  test('are taken at tensors inside the graph too', () => {
    const inner = exp(x);
    const [dinner, dx] = gradients(sum(mul(inner, inner)), [inner, x]);
    const got = evaluate({ inner, dinner: dinner!, dx: dx! }, at);
    got.inner!.forEach((value, i) => {
      expect(got.dinner![i]).toBeCloseTo(2 * value, 12);
      expect(got.dx![i]).toBeCloseTo(2 * value * value, 12);
    });
  });

  test('are zeros for what the loss does not depend on, and stop at whole numbers', () => {
    const other = input('other', [2, 2]);
    const rounded = cast(cast(x, { dtype: 'int32' }), { dtype: 'float32' });
    const [dx, dother] = gradients(sum(rounded), [x, other]);
    expect(evaluate({ dx: dx!, dother: dother! }, at)).toEqual({
      dx: new Float64Array(3),
      dother: new Float64Array(4),
    });
  });

  test('can be taken again', () => {
    const [dx] = gradients(sum(mul(mul(x, x), x)), [x]);
    const [ddx] = gradients(sum(dx!), [x]);
    expect(Array.from(evaluate({ ddx: ddx! }, at).ddx!)).toEqual([6, -12, 18]);
  });

  test('are refused where an op has none, and for losses that are not scalars', () => {
    expect(() => gradients(sum(topK(x, { k: 2 }).values), [x])).toThrow(
      'topK: has no derivative; keep it out of the loss',
    );
    expect(() => gradients(mul(x, 2), [x])).toThrow(
      'gradients: the loss must be a scalar (loss is [3])',
    );
  });
});

test('a program prints as text, one instruction a line', () => {
  const x = input('x', [2, 3, 8, 8]);
  const w = variable([4, 3, 3, 3], { name: 'w', trainable: true, initial: 0 });
  const loss = sum(relu(conv2d(x, w, { padding: 1, stride: 2 })));
  const [dw] = gradients(loss, [w]);
  const next = sgdUpdate(w, dw!, 0.1);
  const graph = optimize({ outputs: { loss }, updates: [{ variable: w, value: next }] });
  expect(printProgram(buildProgram(graph))).toMatchInlineSnapshot(`
    "input x : float32[2, 3, 8, 8]
    variable w : float32[4, 3, 3, 3]
    %2 = conv2d(x, w) {stride: [2, 2], padding: [1, 1, 1, 1], dilation: [1, 1], groups: 1} : float32[2, 4, 4, 4]
    %3 = relu(%2) : float32[2, 4, 4, 4]
    %4 = sum(%3) {axes: [0, 1, 2, 3], keepDims: false} : float32[]
    %6 = reluGrad(%3, 1) : float32[2, 4, 4, 4]
    %7 = conv2dWeightGrad(x, %6) {stride: [2, 2], padding: [1, 1, 1, 1], dilation: [1, 1], groups: 1, kernel: [3, 3]} : float32[4, 3, 3, 3]
    %9 = sgdUpdate(w, %7, 0.1) {weightDecay: 0} : float32[4, 3, 3, 3]
    w ← %9
    output loss = %4"
  `);
});
