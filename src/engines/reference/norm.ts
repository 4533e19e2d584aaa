import { sizeOf } from '../../graph/index.ts';
import type { ReferenceKernel } from './kernel.ts';
import type { Value } from './value.ts';

/** Which channel each element of x [n, c, ...] belongs to. */
function channelsOf({ shape }: Value): (i: number) => number {
  const inner = sizeOf(shape.slice(2));
  return (i) => Math.floor(i / inner) % shape[1]!;
}

/** Mean over each channel of what `term` gives for each element. */
function channelMeans(x: Value, term: (i: number, channel: number) => number): Float64Array {
  const channel = channelsOf(x);
  const totals = new Float64Array(x.shape[1]!);
  for (let i = 0; i < x.data.length; i++) totals[channel(i)]! += term(i, channel(i));
  return totals.map((total) => total / (x.data.length / x.shape[1]!));
}

export const channelAffine: ReferenceKernel<'channelAffine'> = ({ x, scale, shift }, _attrs, y) => {
  const channel = channelsOf(x);
  x.data.forEach((value, i) => {
    y.data[i] = value * scale.data[channel(i)]! + shift.data[channel(i)]!;
  });
};

export const batchNormTrain: ReferenceKernel<'batchNormTrain'> = (
  { x, weight, bias },
  { epsilon },
  { y, mean, variance },
) => {
  const channel = channelsOf(x);
  mean.data.set(channelMeans(x, (i) => x.data[i]!));
  variance.data.set(channelMeans(x, (i, c) => (x.data[i]! - mean.data[c]!) ** 2));
  x.data.forEach((value, i) => {
    const c = channel(i);
    const normal = (value - mean.data[c]!) / Math.sqrt(variance.data[c]! + epsilon);
    y.data[i] = normal * weight.data[c]! + bias.data[c]!;
  });
};

export const batchNormGrad: ReferenceKernel<'batchNormGrad'> = (
  { dy, x, mean, variance, weight },
  { epsilon },
  { dx, dweight, dbias },
) => {
  const channel = channelsOf(x);
  const count = x.data.length / x.shape[1]!;
  const rstd = variance.data.map((value) => 1 / Math.sqrt(value + epsilon));
  const normal = x.data.map((value, i) => (value - mean.data[channel(i)]!) * rstd[channel(i)]!);
  const meanGrad = channelMeans(x, (i) => dy.data[i]!);
  const meanProduct = channelMeans(x, (i) => dy.data[i]! * normal[i]!);
  dweight.data.set(meanProduct.map((value) => value * count));
  dbias.data.set(meanGrad.map((value) => value * count));
  dy.data.forEach((grad, i) => {
    const c = channel(i);
    const centred = grad - meanGrad[c]! - normal[i]! * meanProduct[c]!;
    dx.data[i] = weight.data[c]! * rstd[c]! * centred;
  });
};

const average = (values: Float64Array) => values.reduce((a, b) => a + b, 0) / values.length;

export const standardize: ReferenceKernel<'standardize'> = ({ x }, { epsilon }, { y, rstd }) => {
  const [rows, columns] = x.shape as [number, number];
  for (let row = 0; row < rows; row++) {
    const line = x.data.subarray(row * columns, (row + 1) * columns);
    const mean = average(line);
    const variance = average(line.map((value) => (value - mean) ** 2));
    const scale = 1 / Math.sqrt(variance + epsilon);
    rstd.data[row] = scale;
    y.data.set(
      line.map((value) => (value - mean) * scale),
      row * columns,
    );
  }
};

export const standardizeGrad: ReferenceKernel<'standardizeGrad'> = (
  { dy, y, rstd },
  _attrs,
  dx,
) => {
  const [rows, columns] = y.shape as [number, number];
  for (let row = 0; row < rows; row++) {
    const at = row * columns;
    const out = y.data.subarray(at, at + columns);
    const grad = dy.data.subarray(at, at + columns);
    const meanGrad = average(grad);
    const meanProduct = average(grad.map((g, i) => g * out[i]!));
    dx.data.set(
      grad.map((g, i) => rstd.data[row]! * (g - meanGrad - out[i]! * meanProduct)),
      at,
    );
  }
};
