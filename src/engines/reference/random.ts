import { philox4x32 } from '../../graph/index.ts';
import type { ReferenceKernel } from './kernel.ts';

export const randomDrop: ReferenceKernel<'randomDrop'> = (
  { x, seed, step },
  { rate, stream },
  y,
) => {
  x.data.forEach((value, i) => {
    const counter = [Math.floor(i / 4), step.data[0]!, stream, 0] as const;
    const word = philox4x32(counter, [seed.data[0]!, 0])[i % 4]!;
    y.data[i] = word / 2 ** 32 >= rate ? value / (1 - rate) : 0;
  });
};
