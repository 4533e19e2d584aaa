import { dropout, flatten, identity, layer, linear, pipe } from '../nn/index.ts';
import { activations, choose } from './choices.ts';
import { type ClassifierOptions, entry } from './entry.ts';

/** Two linear layers with an activation between them, on pixels: [n, c, h, w] to [n, classes]. */
export function mlp({
  classes,
  channels,
  size,
  hidden,
  dropout: rate,
  activation,
}: ClassifierOptions & {
  readonly hidden: number;
  readonly dropout: number;
  readonly activation: string;
}) {
  const act = choose('activation', activations, activation);
  return layer(
    'mlp',
    {
      fc1: linear(channels * size * size, hidden),
      drop: rate > 0 ? dropout(rate) : identity,
      fc2: linear(hidden, classes),
    },
    (l, x) => pipe(x, flatten, l.fc1, act, l.drop, l.fc2),
  );
}

export const mlpFamily = [
  entry({
    name: 'mlp',
    family: 'mlp',
    description: 'one hidden layer',
    options: { classes: 10, channels: 1, size: 28, hidden: 256, dropout: 0, activation: 'relu' },
    build: mlp,
  }),
];
