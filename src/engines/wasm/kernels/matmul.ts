import type { Call, Kernel } from '../kernel.ts';
import { broadcastStrides, collapse } from './collapse.ts';
import { activationCode } from './conv.ts';
import { beyond, call, count, floatOnly, operands } from './support.ts';

export const matmul: Kernel<'matmul'> = (request) => {
  const [a, b] = operands(request);
  const y = request.outputs[0]!;
  const { transposeA, transposeB } = request.attrs;
  floatOnly('matmul', a!, b!);
  if (count(y) === 0) return [];
  const [m, n] = y.shape.slice(-2) as [number, number];
  const k = a!.shape.at(transposeA ? -2 : -1)!;
  const batchShape = y.shape.slice(0, -2);
  const batchStrides = (shape: readonly number[]) =>
    broadcastStrides(shape.slice(0, -2), batchShape);
  const batches = collapse({
    sizes: batchShape,
    strides: [batchStrides(a!.shape), batchStrides(b!.shape)],
  });
  const bias = request.tail?.bias?.place ?? 0;
  const activation = activationCode[request.tail?.activation ?? 'none'];

  /** `batch` products whose operands are `stepA` and `stepB` matrices apart. */
  const products = (
    [rows, batch, stepA, stepB]: readonly [number, number, number, number],
    atA = 0,
    atB = 0,
    atY = 0,
  ): Call => {
    const scratch = request.scratch(
      request.measure('matmulScratch', batch, rows, n, k, request.threads),
    );
    return call(
      'matmul',
      ...[beyond(a!.place, 4 * atA * m * k), beyond(b!.place, 4 * atB * k * n), bias],
      ...[beyond(y.place, 4 * atY * m * n), scratch, batch, rows, n, k],
      ...[transposeA, transposeB, stepA * m * k, stepB * k * n, activation],
    );
  };

  const rank = batches.sizes.length;
  const [stridesA, stridesB] = batches.strides as [readonly number[], readonly number[]];
  if (rank === 0) return [products([m, 1, 0, 0])];
  if (rank === 1 && !transposeA && stridesB[0] === 0) {
    // One right operand for all: a taller left one.
    return [products([m * batches.sizes[0]!, 1, 0, 0])];
  }
  const calls: Call[] = [];
  const visit = (level: number, atA: number, atB: number, atY: number): void => {
    const size = batches.sizes[level]!;
    const [stepA, stepB] = [stridesA[level]!, stridesB[level]!];
    if (level === rank - 1) {
      calls.push(products([m, size, stepA, stepB], atA, atB, atY * size));
      return;
    }
    for (let i = 0; i < size; i++)
      visit(level + 1, atA + i * stepA, atB + i * stepB, atY * size + i);
  };
  visit(0, 0, 0, 0);
  return calls;
};
