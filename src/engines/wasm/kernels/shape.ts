import { sizeOf, stridesOf } from '../../../graph/index.ts';
import type { Call, Kernel, Operand } from '../kernel.ts';
import { copyAll, copyBroadcast, copyNest } from './copy.ts';
import { aroundAxis, beyond, bitsOf, call, count, elementBytes, operands } from './support.ts';

export const reshape: Kernel<'reshape'> = ({ inputs, outputs }) =>
  copyAll('reshape', inputs[0]!, outputs[0]!.place);

export const transpose: Kernel<'transpose'> = ({ attrs, inputs, outputs }) => {
  const x = inputs[0]!;
  const y = outputs[0]!;
  if (count(y) === 0) return [];
  const own = stridesOf(x.shape);
  return copyNest('transpose', x.dtype, x.place, y.place, {
    sizes: y.shape,
    strides: [attrs.axes.map((axis) => own[axis]!), stridesOf(y.shape)],
  });
};

export const broadcastTo: Kernel<'broadcastTo'> = ({ inputs, outputs }) => {
  const y = outputs[0]!;
  return count(y) === 0 ? [] : copyBroadcast('broadcastTo', inputs[0]!, y.place, y.shape);
};

/** Bytes from the start of x to the element at an index. */
const offsetOf = (x: Operand, index: readonly number[]): number =>
  elementBytes(x) *
  stridesOf(x.shape).reduce((sum, stride, axis) => sum + stride * index[axis]!, 0);

export const slice: Kernel<'slice'> = ({ attrs, inputs, outputs }) => {
  const x = inputs[0]!;
  const y = outputs[0]!;
  if (count(y) === 0) return [];
  return copyNest('slice', x.dtype, beyond(x.place, offsetOf(x, attrs.start)), y.place, {
    sizes: y.shape,
    strides: [stridesOf(x.shape).map((stride, i) => stride * attrs.step[i]!), stridesOf(y.shape)],
  });
};

export const pad: Kernel<'pad'> = ({ attrs, inputs, outputs }) => {
  const x = inputs[0]!;
  const y = outputs[0]!;
  if (count(y) === 0) return [];
  const { before, interior, value } = attrs;
  const fill = call('fillBytes', y, count(y) * elementBytes(y), bitsOf(value, y.dtype));
  if (count(x) === 0) return [fill];
  const copy = copyNest('pad', x.dtype, x.place, beyond(y.place, offsetOf(y, before)), {
    sizes: x.shape,
    strides: [stridesOf(x.shape), stridesOf(y.shape).map((s, i) => s * (interior[i]! + 1))],
  });
  return count(x) === count(y) ? copy : [fill, ...copy];
};

export const concat: Kernel<'concat'> = (request) => {
  const y = request.outputs[0]!;
  const whole = aroundAxis(y.shape, request.attrs.axis);
  const rowOfY = whole.size * whole.inner;
  const calls: Call[] = [];
  let at = 0;
  for (const x of operands(request)) {
    const run = sizeOf(x.shape.slice(request.attrs.axis));
    if (count(x) > 0) {
      calls.push(
        ...copyNest('concat', x.dtype, x.place, beyond(y.place, at * elementBytes(y)), {
          sizes: [whole.outer, run],
          strides: [
            [run, 1],
            [rowOfY, 1],
          ],
        }),
      );
    }
    at += run;
  }
  return calls;
};
