import { describe, expect, it } from 'vitest';
import { input, type Tensor } from '../graph/index.ts';
import { add, relu } from '../ops/index.ts';
import { conv, linear } from './convolution.ts';
import { identity, isLayer, layer, pipe, sequential } from './layer.ts';
import { batchNorm } from './normalization.ts';
import { namedVariables } from './parameters.ts';
import { flatten } from './pooling.ts';

const block = (cin: number, cout: number) =>
  layer(
    'block',
    {
      conv1: conv(cin, cout, 3, { padding: 1, bias: false }),
      bn1: batchNorm(cout),
      downsample: cin === cout ? identity : sequential(conv(cin, cout, 1), batchNorm(cout)),
    },
    (l, x) => relu(add(pipe(x, l.conv1, l.bn1), l.downsample(x))),
  );

const net = layer(
  'net',
  { layer1: sequential(block(3, 3), block(3, 8)), fc: linear(8 * 4 * 4, 10) },
  (l, x) => pipe(x, l.layer1, flatten, l.fc),
);

describe('layer', () => {
  it('is a function of a tensor', () => {
    expect(net(input('x', [2, 3, 4, 4])).shape).toEqual([2, 10]);
    expect(isLayer(net)).toBe(true);
    expect(isLayer(relu)).toBe(false);
  });

  it('puts its name and the keys of its parts into the path of nodes', () => {
    const y = net(input('x', [2, 3, 4, 4]));
    expect(y.node.path).toEqual(['net', 'fc']);
    const paths = new Set<string>();
    const visit = ({ node }: Tensor): void => {
      paths.add(node.path.join(' › '));
      for (const source of node.inputs) if (source !== undefined) visit(source);
    };
    visit(y);
    expect(paths).toContain('net › layer1 › 1 › downsample › 0');
    expect(paths).toContain('net › layer1 › 0 › conv1');
  });

  it('names the part in errors, and leaves no path behind', () => {
    expect(() => net(input('x', [2, 4, 4, 4]))).toThrow(
      'conv2d: x channels must equal w[1] (x is [2, 4, 4, 4], w is [3, 3, 3, 3]) in net › layer1 › 0 › conv1',
    );
    expect(relu(input('x', [1])).node.path).toEqual([]);
  });

  it('may give several tensors', () => {
    const backbone = layer('backbone', { stem: conv(1, 2, 1) }, (l, x) => {
      const y = l.stem(x);
      return [y, relu(y)];
    });
    const outer = layer('outer', { backbone }, (l, x) => l.backbone(x)[1]!);
    expect(outer(input('x', [1, 1, 2, 2])).shape).toEqual([1, 2, 2, 2]);
  });
});

describe('sequential', () => {
  it('counts plain functions but finds nothing in them', () => {
    const names = [...namedVariables(sequential(conv(1, 2, 3), relu, conv(2, 2, 3))).keys()];
    expect(names).toEqual(['0.weight', '0.bias', '2.weight', '2.bias']);
  });

  it('keeps the order of ten parts and more', () => {
    const parts = Array.from({ length: 12 }, (_, i) => linear(i + 1, i + 2));
    expect(sequential(...parts)(input('x', [1, 1])).shape).toEqual([1, 13]);
  });
});
