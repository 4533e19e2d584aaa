import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  broadcastShapes,
  DTypeError,
  input,
  type Shape,
  ShapeError,
  sizeOf,
  type Tensor,
} from '../../src/graph/index.ts';
import {
  add,
  addN,
  avgPool2d,
  batchNormTrain,
  concat,
  conv2d,
  convTranspose2d,
  exp,
  gather,
  groupNorm,
  matmul,
  maxPool2d,
  mul,
  pad,
  reshape,
  select,
  slice,
  softmax,
  sum,
  topK,
  transpose,
} from '../../src/ops/index.ts';
import { counting, evaluate } from './evaluate.ts';

// The same cases on every run.
fc.configureGlobal({ seed: 1 });

const x = (shape: Shape) => input('x', shape);
const sizes = (least: number, most: number, max: number) =>
  fc.array(fc.integer({ min: 1, max }), { minLength: least, maxLength: most });

describe('broadcasting', () => {
  const join = (...shapes: Shape[]) =>
    broadcastShapes('test', Object.fromEntries(shapes.entries()));
  /** Shapes that fit together: parts of one shape with some sizes replaced by 1. */
  const family = sizes(0, 4, 5).chain((full) =>
    fc.tuple(
      ...[0, 1, 2].map(() =>
        fc
          .tuple(
            fc.nat({ max: full.length }),
            fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }),
          )
          .map(([from, flat]) => full.map((size, i) => (flat[i] ? 1 : size)).slice(from)),
      ),
    ),
  );

  test('commutes, associates, and has scalars as its identity', () => {
    fc.assert(
      fc.property(family, ([a, b, c]) => {
        expect(join(a!, b!)).toEqual(join(b!, a!));
        expect(join(join(a!, b!), c!)).toEqual(join(a!, join(b!, c!)));
        expect(join(a!, b!, c!)).toEqual(join(join(a!, b!), c!));
        expect(join(a!, [])).toEqual(a);
        expect(join(a!, a!)).toEqual(a);
      }),
    );
  });

  test('an element of the sum is the sum of the elements that align with it at the right', () => {
    fc.assert(
      fc.property(family, ([a, b]) => {
        const shape = join(a!, b!);
        const y = add(input('a', a!), mul(input('b', b!), 1000));
        const feeds = { a: counting(sizeOf(a!)), b: counting(sizeOf(b!)) };
        const got = evaluate({ y }, feeds).y!;
        const place = (index: number[], own: Shape) =>
          own.reduce((at, size, i) => {
            const along = index[i + shape.length - own.length]!;
            return at * size + (size === 1 ? 0 : along);
          }, 0);
        got.forEach((value, flat) => {
          let rest = flat;
          const index = shape.toReversed().map((size) => {
            const along = rest % size;
            rest = (rest - along) / size;
            return along;
          });
          index.reverse();
          expect(value).toBe(place(index, a!) + 1000 * place(index, b!));
        });
      }),
    );
  });
});

describe('window counts', () => {
  const axis = fc.record({
    size: fc.integer({ min: 1, max: 12 }),
    kernel: fc.integer({ min: 1, max: 5 }),
    stride: fc.integer({ min: 1, max: 4 }),
    dilation: fc.integer({ min: 1, max: 3 }),
    before: fc.nat({ max: 3 }),
    after: fc.nat({ max: 3 }),
  });

  test('a convolution has an output wherever its whole kernel fits', () => {
    fc.assert(
      fc.property(axis, ({ size, kernel, stride, dilation, before, after }) => {
        const end = (first: number) => first + dilation * (kernel - 1);
        let count = 0;
        for (let first = -before; end(first) < size + after; first += stride) count++;
        const build = () =>
          conv2d(x([1, 1, size, 1]), input('w', [1, 1, kernel, 1]), {
            stride,
            dilation,
            padding: [before, 0, after, 0],
          });
        if (count === 0) expect(build).toThrow(ShapeError);
        else expect(build().shape).toEqual([1, 1, count, 1]);
      }),
    );
  });

  test('pooling drops a last window that does not fit, or keeps it if it starts early enough', () => {
    fc.assert(
      fc.property(axis, fc.boolean(), ({ size, kernel, stride, before, after }, ceilMode) => {
        fc.pre(2 * Math.max(before, after) <= kernel);
        const padded = before + size + after;
        let count = 0;
        if (ceilMode) {
          // One more while the one before leaves something; one that sees only padding is none.
          while ((count - 1) * stride + kernel < padded) count++;
          if ((count - 1) * stride >= before + size) count--;
        } else {
          for (let first = 0; first + kernel <= padded; first += stride) count++;
        }
        const attrs = {
          kernel: [kernel, 1],
          stride,
          padding: [before, 0, after, 0],
          ceilMode,
        } as const;
        for (const pool of [maxPool2d, avgPool2d]) {
          const build = () => pool(x([1, 1, size, 1]), attrs);
          if (count === 0) expect(build).toThrow(ShapeError);
          else expect(build().shape).toEqual([1, 1, count, 1]);
        }
      }),
    );
  });

  test('a transposed convolution has the shape that a convolution takes back', () => {
    fc.assert(
      fc.property(axis, fc.nat({ max: 3 }), ({ size, kernel, stride, dilation, before }, extra) => {
        fc.pre(extra < stride);
        const attrs = { stride, dilation, padding: [before, 0] } as const;
        const out = (size - 1) * stride - 2 * before + dilation * (kernel - 1) + 1 + extra;
        const w = input('w', [1, 1, kernel, 1]);
        const build = () =>
          convTranspose2d(x([1, 1, size, 1]), w, {
            ...attrs,
            stride: [stride, 1],
            outputPadding: [extra, 0],
          });
        if (out < 1) expect(build).toThrow(ShapeError);
        else {
          expect(build().shape).toEqual([1, 1, out, 1]);
          expect(conv2d(build(), w, { ...attrs, stride: [stride, 1] }).shape).toEqual([
            1,
            1,
            size,
            1,
          ]);
        }
      }),
    );
  });
});

describe('moving elements about', () => {
  const same = (shape: Shape, back: (x: Tensor) => Tensor) => {
    const y = back(x(shape));
    expect(y.shape).toEqual(shape);
    const numbers = counting(sizeOf(shape));
    expect(Array.from(evaluate({ y }, { x: numbers }).y!)).toEqual(numbers);
  };

  test('reshape keeps the order of the elements', () => {
    fc.assert(
      fc.property(sizes(1, 4, 4), (shape) => {
        same(shape, (t) => reshape(reshape(t, { shape: [-1] }), { shape }));
        same(shape, (t) =>
          reshape(reshape(t, { shape: [...shape, 1] }), { shape: [-1, ...shape.slice(1)] }),
        );
      }),
    );
  });

  test('transposing by an order and by its inverse changes nothing', () => {
    const orders = sizes(1, 4, 4).chain((shape) =>
      fc.tuple(
        fc.constant(shape),
        fc.shuffledSubarray(counting(shape.length), { minLength: shape.length }),
      ),
    );
    fc.assert(
      fc.property(orders, ([shape, axes]) => {
        const inverse = axes.map((_, i) => axes.indexOf(i));
        same(shape, (t) => transpose(transpose(t, { axes }), { axes: inverse }));
        same(shape, (t) => transpose(transpose(t)));
      }),
    );
  });

  test('a slice of a padding gives the elements back', () => {
    const padded = sizes(1, 4, 4).chain((shape) => {
      const sides = fc.array(fc.nat({ max: 2 }), {
        minLength: shape.length,
        maxLength: shape.length,
      });
      return fc.tuple(fc.constant(shape), sides, sides, sides);
    });
    fc.assert(
      fc.property(padded, ([shape, before, after, interior]) => {
        same(shape, (t) => {
          const wide = pad(t, { before, after, interior, value: -1 });
          const end = wide.shape.map((size, i) => size - after[i]!);
          return slice(wide, { start: before, end, step: interior.map((n) => n + 1) });
        });
      }),
    );
  });

  test('cutting along an axis and joining the pieces changes nothing', () => {
    const cuts = sizes(1, 4, 5).chain((shape) =>
      fc
        .nat({ max: shape.length - 1 })
        .chain((axis) =>
          fc.tuple(fc.constant(shape), fc.constant(axis), fc.nat({ max: shape[axis]! })),
        ),
    );
    fc.assert(
      fc.property(cuts, ([shape, axis, at]) => {
        const put = (i: number) => shape.map((_, k) => (k === axis ? i : 0));
        const upTo = shape.map((size, k) => (k === axis ? at : size));
        same(shape, (t) =>
          concat(
            [
              slice(t, { start: shape.map(() => 0), end: upTo }),
              slice(t, { start: put(at), end: shape }),
            ],
            { axis },
          ),
        );
      }),
    );
  });
});

describe('errors name the op, the rule and the shapes', () => {
  const cases: readonly (readonly [
    () => unknown,
    typeof ShapeError | typeof DTypeError,
    string,
  ])[] = [
    [
      () => conv2d(x([2, 4, 6, 7]), input('w', [4, 3, 1, 1])),
      ShapeError,
      'conv2d: x channels must equal w[1] (x is [2, 4, 6, 7], w is [4, 3, 1, 1])',
    ],
    [
      () => conv2d(x([2, 4, 6, 7]), input('w', [3, 2, 1, 1]), { groups: 2 }),
      ShapeError,
      'conv2d: output channels must be a multiple of groups (w is [3, 2, 1, 1], groups is 2)',
    ],
    [
      () => conv2d(x([1, 1, 2, 2]), input('w', [1, 1, 5, 5])),
      ShapeError,
      'conv2d: the kernel must fit into the padded image (x is [1, 1, 2, 2], w is [1, 1, 5, 5])',
    ],
    [
      () => add(x([2, 3]), input('y', [2, 4])),
      ShapeError,
      'add: shapes must be equal or 1 on every axis (a is [2, 3], b is [2, 4])',
    ],
    [
      () => matmul(x([2, 3]), input('y', [2, 3])),
      ShapeError,
      'matmul: the inner sizes must agree (a is [2, 3], b is [2, 3], transposeA is false, transposeB is false)',
    ],
    [
      () => reshape(x([2, 3]), { shape: [4, -1] }),
      ShapeError,
      'reshape: both shapes must hold as many elements (x is [2, 3], shape is [4, -1])',
    ],
    [
      () => reshape(x([2, 3]), { shape: [-2, -3] }),
      ShapeError,
      'reshape: both shapes must hold as many elements (x is [2, 3], shape is [-2, -3])',
    ],
    [
      () => transpose(x([2, 3]), { axes: [0, 0] }),
      ShapeError,
      'transpose: axes must name every axis once (x is [2, 3], axes is [0, 0])',
    ],
    [
      () => concat([x([2, 3]), input('y', [3, 3])]),
      ShapeError,
      'concat: all but axis 1 must agree (0 is [2, 3], 1 is [3, 3])',
    ],
    [
      () => maxPool2d(x([1, 1, 4, 4]), { kernel: 2, padding: 2 }),
      ShapeError,
      'maxPool2d: padding must be at most half the kernel (padding is [2, 2, 2, 2], kernel is [2, 2])',
    ],
    [
      () => convTranspose2d(x([1, 1, 1, 1]), input('w', [1, 1, 1, 1]), { padding: 1 }),
      ShapeError,
      'convTranspose2d: padding leaves nothing of the output (x is [1, 1, 1, 1], w is [1, 1, 1, 1], padding is [1, 1, 1, 1])',
    ],
    [
      () => groupNorm(x([1, 5, 2, 2]), 2),
      ShapeError,
      'groupNorm: channels must be a multiple of groups (x is [1, 5, 2, 2], groups is 2)',
    ],
    [
      () => batchNormTrain(x([2, 3]), input('w', [2]), input('b', [3])),
      ShapeError,
      'batchNorm: weight must hold one number per channel (x is [2, 3], weight is [2])',
    ],
    [
      () => topK(x([2, 3]), { k: 4 }),
      ShapeError,
      'topK: k must be from 1 to the size of the last axis (x is [2, 3], k is 4)',
    ],
    [
      () => softmax(x([2, 3]), { axis: 2 }),
      ShapeError,
      'softmax: axis must be an integer from -2 to 1 (axis is 2)',
    ],
    [
      () => addN([x([2]), input('y', [3])]),
      ShapeError,
      'addN: all inputs must have one shape and dtype (0 is [2], 1 is [3])',
    ],
    [
      () => sum(input('flags', [3], 'bool')),
      DTypeError,
      'sum: one byte cannot hold a sum; use cast (x is bool)',
    ],
    [
      () => exp(input('i', [3], 'int32')),
      DTypeError,
      'exp: needs a floating-point tensor; use cast (x is int32)',
    ],
    [
      () => add(x([2]), input('i', [2], 'int32')),
      DTypeError,
      'add: operands must have one dtype; use cast (a is float32, b is int32)',
    ],
    [
      () => mul(input('i', [2], 'int32'), 0.5),
      DTypeError,
      'mul: 0.5 does not fit the int32 operand; cast that first',
    ],
    [
      () => select(x([2]), x([2]), 0),
      DTypeError,
      'select: the condition must be bool (condition is float32)',
    ],
    [
      () => gather(x([2, 2]), input('i', [2])),
      DTypeError,
      'gather: indices must be int32 or uint8 (indices is float32)',
    ],
  ];
  for (const [build, type, message] of cases) {
    test(message, () => {
      expect(build).toThrow(type);
      expect(build).toThrow(message);
    });
  }
});
