import type { Tensor } from '../graph/index.ts';
import { dropout, linear, sequential } from '../nn/index.ts';

/** What AlexNet and VGG end in: two wide layers with dropout, and the one that answers. */
export const denseHead = (
  features: number,
  activation: (x: Tensor) => Tensor,
  {
    hidden,
    dropout: rate,
    classes,
  }: { readonly hidden: number; readonly dropout: number; readonly classes: number },
) =>
  sequential(
    ...[linear(features, hidden), activation, dropout(rate)],
    ...[linear(hidden, hidden), activation, dropout(rate)],
    linear(hidden, classes),
  );
