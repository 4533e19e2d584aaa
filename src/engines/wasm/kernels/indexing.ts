import { sizeOf } from '../../../graph/index.ts';
import type { Kernel } from '../kernel.ts';
import { aroundAxis, call, count, elementBytes, only, operands, suffixOf } from './support.ts';

export const gather: Kernel<'gather'> = (request) => {
  const [x, indices] = operands(request);
  const y = request.outputs[0]!;
  only('gather', ['float32', 'int32', 'uint8', 'bool'], x!);
  const { outer, size, inner } = aroundAxis(x!.shape, request.attrs.axis);
  const bytes = inner * elementBytes(x!);
  const k = count(indices!);
  return count(y) === 0
    ? []
    : [call('gather', x!, indices!, y, outer, size, bytes, k, elementBytes(indices!))];
};

export const scatterAdd: Kernel<'scatterAdd'> = (request) => {
  const [x, indices] = operands(request);
  const name = `scatterAdd${suffixOf('scatterAdd', x!, ['float32', 'int32'])}`;
  const y = request.outputs[0]!;
  const { outer, size, inner } = aroundAxis(y.shape, request.attrs.axis);
  const k = count(indices!);
  return [call(name, x!, indices!, y, outer, size, inner, k, elementBytes(indices!))];
};

export const oneHot: Kernel<'oneHot'> = ({ attrs, inputs, outputs }) => {
  const indices = inputs[0]!;
  const y = outputs[0]!;
  return [call('oneHot', indices, y, count(indices), attrs.classes, elementBytes(indices))];
};

export const topK: Kernel<'topK'> = ({ attrs, inputs, outputs }) => {
  const x = inputs[0]!;
  const [values, indices] = outputs;
  const name = `topK${suffixOf('topK', x, ['float32', 'int32'])}`;
  const rows = sizeOf(x.shape.slice(0, -1));
  return [call(name, x, values!, indices!, rows, x.shape.at(-1)!, attrs.k)];
};
