import type { Kernel } from '../kernel.ts';
import { type AnyRequest, call, count, floatOnly, operands } from './support.ts';

/** Inputs, outputs and count, which all updates begin with; the parameter and its gradient come first. */
function common(op: string, request: AnyRequest) {
  const inputs = operands(request);
  floatOnly(op, inputs[0]!, inputs[1]!, ...request.outputs);
  return [...inputs, ...request.outputs, count(inputs[0]!)] as const;
}

export const sgdUpdate: Kernel<'sgdUpdate'> = (request) => [
  call('sgdUpdate', ...common('sgdUpdate', request), request.attrs.weightDecay),
];

export const momentumUpdate: Kernel<'momentumUpdate'> = (request) => {
  const { momentum, dampening, nesterov, weightDecay } = request.attrs;
  const first = common('momentumUpdate', request);
  return [call('momentumUpdate', ...first, momentum, dampening, nesterov, weightDecay)];
};

export const adamUpdate: Kernel<'adamUpdate'> = (request) => {
  const { beta1, beta2, epsilon, weightDecay, decoupled } = request.attrs;
  const first = common('adamUpdate', request);
  return [call('adamUpdate', ...first, beta1, beta2, epsilon, weightDecay, decoupled)];
};

export const rmspropUpdate: Kernel<'rmspropUpdate'> = (request) => {
  const { alpha, epsilon, momentum, centered, weightDecay } = request.attrs;
  const first = common('rmspropUpdate', request);
  return [call('rmspropUpdate', ...first, alpha, epsilon, momentum, centered, weightDecay)];
};
