import { describe, test } from 'vitest';
import type { Tensor } from '../../src/graph/index.ts';
import {
  elu,
  gelu,
  hardswish,
  leakyRelu,
  logSoftmax,
  relu,
  relu6,
  sigmoid,
  silu,
  softmax,
  tanh,
} from '../../src/ops/index.ts';
import { expectGolden, type GoldenCase } from './evaluate.ts';
import { type GoldenTensor, readGolden } from './read.ts';

interface Options {
  readonly slope?: number;
  readonly alpha?: number;
  readonly approximate?: 'none' | 'tanh';
}
interface Points {
  readonly kind: 'pointwise';
  readonly name: string;
  readonly options: Options;
  readonly y: GoldenTensor['data'];
  readonly derivative: GoldenTensor['data'];
}
type Rows = GoldenCase<never> & { readonly kind: 'rows' };

const { x, cases } = readGolden<Points | Rows, { readonly x: readonly number[] }>('activations');

const functions: Readonly<Record<string, (x: Tensor, options: Options) => Tensor>> = {
  relu: (x) => relu(x),
  relu6: (x) => relu6(x),
  leakyRelu: (x, { slope }) => leakyRelu(x, { slope }),
  elu: (x, { alpha }) => elu(x, { alpha }),
  gelu: (x) => gelu(x),
  silu: (x) => silu(x),
  hardSwish: (x) => hardswish(x),
  sigmoid: (x) => sigmoid(x),
  tanh: (x) => tanh(x),
  softmax: (x) => softmax(x),
  logSoftmax: (x) => logSoftmax(x),
};

/** Points as one tensor, with a cotangent of ones. */
function asRow({ y, derivative }: Points): Pick<Rows, 'inputs' | 'y' | 'dy' | 'grads'> {
  const row = (data: GoldenTensor['data']): GoldenTensor => ({ shape: [x.length], data });
  return {
    inputs: { x: row(x) },
    y: row(y),
    dy: row(x.map(() => 1)),
    grads: { x: row(derivative) },
  };
}

const close = 1e-11;

describe('activations agree with PyTorch', () => {
  for (const given of cases) {
    const options = given.kind === 'pointwise' ? given.options : {};
    test(`${given.name} ${JSON.stringify(options)}`, (context) => {
      const offered = functions[given.name];
      if (offered === undefined) context.skip('not offered');
      if (options.approximate === 'tanh')
        context.skip('gelu is offered without approximation only');
      const build = (inputs: Record<string, Tensor>) => offered!(inputs.x!, options);
      expectGolden(given.kind === 'rows' ? given : asRow(given), build, close);
    });
  }
});
