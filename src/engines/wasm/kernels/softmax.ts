import type { Call, KernelRequest } from '../kernel.ts';
import { aroundAxis, call, floatOnly, operands } from './support.ts';

/** Kernels of one axis come in a form for the last axis and one for the others. */
const alongAxis =
  (op: string) =>
  (request: KernelRequest<{ readonly axis: number }>): Call[] => {
    const inputs = operands(request);
    floatOnly(op, ...inputs);
    const { outer, size, inner } = aroundAxis(inputs[0]!.shape, request.attrs.axis);
    const places = [...inputs, request.outputs[0]!];
    return [
      inner === 1
        ? call(`${op}Rows`, ...places, outer, size)
        : call(`${op}Columns`, ...places, outer, size, inner),
    ];
  };

export const softmax = alongAxis('softmax');
export const softmaxGrad = alongAxis('softmaxGrad');
export const logSoftmax = alongAxis('logSoftmax');
export const logSoftmaxGrad = alongAxis('logSoftmaxGrad');
