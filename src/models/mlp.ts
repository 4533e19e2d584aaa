import { dropout, flatten, identity, layer, linear, pipe } from '../nn/index.ts';
import { relu } from '../ops/index.ts';
import { type ClassifierOptions, entry } from './entry.ts';

/** Linear layers with ReLU between them, on pixels: [n, c, h, w] to [n, classes]. */
export function mlp({
  classes,
  channels,
  size,
  hidden,
  dropout: rate,
}: ClassifierOptions & { readonly hidden: number; readonly dropout: number }) {
  return layer(
    'mlp',
    {
      fc1: linear(channels * size * size, hidden),
      drop: rate > 0 ? dropout(rate) : identity,
      fc2: linear(hidden, classes),
    },
    (l, x) => pipe(x, flatten, l.fc1, relu, l.drop, l.fc2),
  );
}

export const mlpFamily = [
  entry({
    name: 'mlp',
    family: 'mlp',
    description: 'one hidden layer with ReLU',
    options: { classes: 10, channels: 1, size: 28, hidden: 256, dropout: 0 },
    build: mlp,
  }),
];
