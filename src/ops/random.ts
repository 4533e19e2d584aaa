import {
  defineComposite,
  defineOp,
  type Grads,
  type Inputs,
  required,
  seed,
  shapeError,
  sizeOf,
  step,
} from '../graph/index.ts';

export const randomDrop = defineOp({
  name: 'randomDrop',
  doc: 'Zeroes elements of x with probability rate and divides the others by 1 − rate. Element i is kept when word i mod 4 of Philox(counter [⌊i/4⌋, step, stream, 0], key [seed, 0]), over 2³², is at least rate.',
  inputs: ['x', 'seed', 'step'],
  defaults: { rate: required<number>(), stream: 0 },
  inPlace: true,
  infer: ({ x }) => ({ shape: x.shape, dtype: x.dtype }),
  vjp: (inputs: Inputs<['x', 'seed', 'step']>, attrs, _y, dy): Grads<'x'> => ({
    x: randomDrop(dy, inputs.seed, inputs.step, attrs),
  }),
  flops: ([y]) => sizeOf(y!.shape),
  samples: [
    {
      inputs: [
        [37, 5],
        { shape: [], dtype: 'int32', low: 1, high: 9 },
        { shape: [], dtype: 'int32', low: 1, high: 9 },
      ],
      attrs: { rate: 0.3, stream: 2 },
    },
  ],
});

export const dropout = defineComposite({
  name: 'dropout',
  doc: 'Zeroes elements at random and scales up the rest when training; the identity otherwise (Srivastava et al. 2014).',
  inputs: ['x'],
  defaults: { rate: 0.5 },
  infer({ x }, { rate }) {
    if (!(rate >= 0 && rate < 1)) throw shapeError('dropout', 'rate must be in [0, 1)', { rate });
    return { shape: x.shape, dtype: x.dtype };
  },
  expand: ({ x }, { rate }, { mode, randomStream }) =>
    mode === 'infer' || rate === 0
      ? x
      : randomDrop(x, seed, step, { rate, stream: randomStream() }),
  samples: [],
});
