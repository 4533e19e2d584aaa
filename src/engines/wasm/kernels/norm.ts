import { sizeOf } from '../../../graph/index.ts';
import type { Kernel, Operand } from '../kernel.ts';
import { broadcastCall } from './broadcast.ts';
import { call, count, floatOnly, operands } from './support.ts';

/** Numbers whose statistics are taken together: they stay in the first-level cache between two passes. */
const GROUP = 2048;

/** x [n, c, ...] as n, c and the number of elements of a plane. */
function planes({ shape }: Operand): [n: number, c: number, size: number] {
  return [shape[0]!, shape[1]!, sizeOf(shape.slice(2))];
}

const imagesPerGroup = (size: number): number => Math.max(1, Math.floor(GROUP / size));

/** Two doubles for every channel of every group of images. */
const partialBytes = (n: number, c: number, images: number): number =>
  16 * c * Math.ceil(n / images);

export const batchNormTrain: Kernel<'batchNormTrain'> = (request) => {
  const [x, weight, bias] = operands(request);
  const [y, mean, variance] = request.outputs;
  const { epsilon } = request.attrs;
  floatOnly('batchNormTrain', x!, weight!, bias!);
  const [n, c, size] = planes(x!);
  if (size === 1) {
    return [call('batchNormRows', x!, weight!, bias!, y!, mean!, variance!, n, c, epsilon)];
  }
  const images = imagesPerGroup(size);
  const partials = request.scratch(partialBytes(n, c, images));
  return [
    call('batchNormPartials', x!, partials, n, c, size, images),
    call('batchNormStatistics', partials, mean!, variance!, n, c, size, images),
    call('batchNormApply', x!, mean!, variance!, weight!, bias!, y!, n, c, size, epsilon),
  ];
};

export const batchNormGrad: Kernel<'batchNormGrad'> = (request) => {
  const [dy, x, mean, variance, weight] = operands(request);
  const [dx, dweight, dbias] = request.outputs;
  const { epsilon } = request.attrs;
  floatOnly('batchNormGrad', dy!, x!, weight!);
  const [n, c, size] = planes(x!);
  const results = [dx!, dweight!, dbias!] as const;
  if (size === 1) {
    return [
      call('batchNormRowsGrad', dy!, x!, mean!, variance!, weight!, ...results, n, c, epsilon),
    ];
  }
  const images = imagesPerGroup(size);
  const partials = request.scratch(partialBytes(n, c, images));
  const shape = [n, c, size, images, epsilon] as const;
  return [
    call('batchNormGradPartials', dy!, x!, mean!, partials, n, c, size, images),
    call('batchNormGradStatistics', partials, variance!, dweight!, dbias!, ...shape),
    call('batchNormGradApply', dy!, x!, mean!, variance!, weight!, partials, dx!, ...shape),
  ];
};

export const channelAffine: Kernel<'channelAffine'> = (request) => {
  const [x, scale, shift] = operands(request);
  const y = request.outputs[0]!;
  floatOnly('channelAffine', x!, scale!, shift!);
  const [n, c, size] = planes(x!);
  if (size > 1) return [call('channelAffine', x!, scale!, shift!, y, n, c, size)];
  const rows = (operand: Operand): Operand => ({ ...operand, shape: [n, c] });
  const apply = (name: string, a: Operand, b: Operand) =>
    broadcastCall('channelAffine', name, [rows(a), b], rows(y), request.scratch);
  return [...apply('mulF32', x!, scale!), ...apply('addF32', y, shift!)];
};

export const standardize: Kernel<'standardize'> = ({ attrs, inputs, outputs }) => {
  const x = inputs[0]!;
  const [y, rstd] = outputs;
  floatOnly('standardize', x);
  return [call('standardize', x, y!, rstd!, ...(x.shape as [number, number]), attrs.epsilon)];
};

export const standardizeGrad: Kernel<'standardizeGrad'> = (request) => {
  const [dy, y, rstd] = operands(request);
  floatOnly('standardizeGrad', dy!, y!, rstd!);
  if (count(y!) === 0) return [];
  const [rows, size] = y!.shape as [number, number];
  return [call('standardizeGrad', dy!, y!, rstd!, request.outputs[0]!, rows, size)];
};
