import type { ReferenceKernel } from './kernel.ts';
import { eachLine, type Value } from './value.ts';

/** Reads the lines of tensors of one shape along `axis`, and writes what `compute` makes of them. */
function alongAxis(
  inputs: readonly Value[],
  axis: number,
  y: Value,
  compute: (...lines: number[][]) => number[],
) {
  const length = y.shape[axis]!;
  eachLine(y.shape, axis, (start, stride) => {
    const lines = inputs.map(({ data }) =>
      Array.from({ length }, (_, k) => data[start + k * stride]!),
    );
    compute(...lines).forEach((value, k) => {
      y.data[start + k * stride] = value;
    });
  });
}

const total = (line: readonly number[]) => line.reduce((a, b) => a + b, 0);

const logSoftmaxOf = (x: readonly number[]): number[] => {
  const highest = Math.max(...x);
  const shift = highest + Math.log(total(x.map((value) => Math.exp(value - highest))));
  return x.map((value) => value - shift);
};

export const logSoftmax: ReferenceKernel<'logSoftmax'> = ({ x }, { axis }, y) =>
  alongAxis([x], axis, y, (line) => logSoftmaxOf(line!));

export const logSoftmaxGrad: ReferenceKernel<'logSoftmaxGrad'> = ({ y, dy }, { axis }, dx) =>
  alongAxis([y, dy], axis, dx, (out, grad) => {
    const all = total(grad!);
    return grad!.map((g, k) => g - Math.exp(out![k]!) * all);
  });

export const softmax: ReferenceKernel<'softmax'> = ({ x }, { axis }, y) =>
  alongAxis([x], axis, y, (line) => logSoftmaxOf(line!).map(Math.exp));

export const softmaxGrad: ReferenceKernel<'softmaxGrad'> = ({ y, dy }, { axis }, dx) =>
  alongAxis([y, dy], axis, dx, (out, grad) => {
    const inner = total(grad!.map((g, k) => g * out![k]!));
    return grad!.map((g, k) => out![k]! * (g - inner));
  });
