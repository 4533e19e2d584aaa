import { expect, it } from 'vitest';
import { add, relu } from '../ops/index.ts';
import { conv, linear } from './convolution.ts';
import { dropout } from './dropout.ts';
import { layer, pipe, sequential } from './layer.ts';
import { batchNorm } from './normalization.ts';
import { flatten, maxPool } from './pooling.ts';
import { summarize } from './summary.ts';

it('lists layers in order, ops between them, and totals', () => {
  const net = layer(
    'net',
    { body: sequential(conv(1, 4, 3), batchNorm(4), relu, maxPool(2)), fc: linear(36, 5) },
    (l, x) => pipe(x, l.body, relu, flatten, l.fc),
  );
  const { rows, total } = summarize(net, [2, 1, 8, 8]);
  expect(rows.map(({ layer, op, shape }) => [layer, op, shape.join('×')])).toEqual([
    ['body.0', 'conv2d + add', '2×4×6×6'],
    ['body.1', 'batchNorm', '2×4×6×6'],
    ['body.2', 'relu', '2×4×6×6'],
    ['body.3', 'maxPool2dWithIndex', '2×4×3×3'],
    ['', 'relu', '2×4×3×3'],
    ['', 'reshape', '2×36'],
    ['fc', 'matmul + add', '2×5'],
  ]);
  expect(rows.map(({ parameters }) => parameters)).toEqual([40, 8, 0, 0, 0, 0, 185]);
  const multiplyAdds = [2 * 4 * 36 * 9, 0, 0, 0, 0, 0, 2 * 36 * 5];
  expect(rows.map((row) => row.multiplyAdds)).toEqual(multiplyAdds);
  expect(rows.map((row) => row.activationBytes)).toEqual([1152, 1152, 1152, 288, 288, 0, 40]);
  expect(total).toEqual({ parameters: 233, multiplyAdds: 2952, activationBytes: 4072 });
});

it('counts shared parameters once', () => {
  const shared = linear(3, 3);
  const net = layer('net', { a: shared, b: dropout(0.5) }, (l, x) => add(l.a(l.b(l.a(x))), x));
  const { rows, total } = summarize(net, [1, 3]);
  expect(rows.map(({ layer, parameters }) => [layer, parameters])).toEqual([
    ['a', 12],
    ['b', 0],
    ['a', 0],
    ['', 0],
  ]);
  expect(total).toMatchObject({ parameters: 12, multiplyAdds: 18 });
});
