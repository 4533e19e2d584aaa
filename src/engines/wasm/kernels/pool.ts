import type { PoolAttrs } from '../../../ops/pool.ts';
import type { Kernel } from '../kernel.ts';
import { call, elementBytes, floatOnly, only, operands } from './support.ts';

/** planes, h, w, oh, ow, kh, kw, strides, top and left padding. */
function geometry(
  x: readonly number[],
  y: readonly number[],
  { kernel, stride, padding }: PoolAttrs,
): number[] {
  const [n, c, h, w] = x as [number, number, number, number];
  const [, , oh, ow] = y as [number, number, number, number];
  return [n * c, h, w, oh, ow, ...kernel, ...stride, padding[0], padding[1]];
}

export const maxPool2dWithIndex: Kernel<'maxPool2dWithIndex'> = ({ attrs, inputs, outputs }) => {
  const x = inputs[0]!;
  const [y, index] = outputs;
  floatOnly('maxPool2d', x);
  const name = `maxPool${8 * elementBytes(index!)}`;
  return [call(name, x, y!, index!, ...geometry(x.shape, y!.shape, attrs))];
};

export const maxPool2dGrad: Kernel<'maxPool2dGrad'> = (request) => {
  const [dy, index] = operands(request);
  const dx = request.outputs[0]!;
  floatOnly('maxPool2dGrad', dy!);
  only('maxPool2dGrad', ['uint8', 'int32'], index!);
  const name = `maxPoolGrad${8 * elementBytes(index!)}`;
  return [call(name, dy!, index!, dx, ...geometry(dx.shape, dy!.shape, request.attrs))];
};

export const avgPool2d: Kernel<'avgPool2d'> = ({ attrs, inputs, outputs }) => {
  const x = inputs[0]!;
  const y = outputs[0]!;
  floatOnly('avgPool2d', x);
  const [, , bottom, right] = attrs.padding;
  const shape = geometry(x.shape, y.shape, attrs);
  return [call('avgPool', x, y, ...shape, bottom, right, attrs.countIncludePad)];
};

export const avgPool2dGrad: Kernel<'avgPool2dGrad'> = ({ attrs, inputs, outputs }) => {
  const dy = inputs[0]!;
  const dx = outputs[0]!;
  floatOnly('avgPool2dGrad', dy);
  const [, , bottom, right] = attrs.padding;
  const shape = geometry(dx.shape, dy.shape, attrs);
  return [call('avgPoolGrad', dy, dx, ...shape, bottom, right, attrs.countIncludePad)];
};
