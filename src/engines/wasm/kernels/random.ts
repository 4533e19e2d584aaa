import type { Kernel } from '../kernel.ts';
import { call, count, floatOnly, operands } from './support.ts';

export const randomDrop: Kernel<'randomDrop'> = (request) => {
  const [x, seed, step] = operands(request);
  const { rate, stream } = request.attrs;
  floatOnly('randomDrop', x!);
  // The least 32-bit word whose fraction of 2³² is at least `rate`.
  const threshold = Math.min(Math.ceil(rate * 2 ** 32), 2 ** 32 - 1);
  const y = request.outputs[0]!;
  return [call('randomDrop', x!, seed!, step!, y, count(x!), stream, threshold, 1 / (1 - rate))];
};
