import type { ReferenceKernel } from './kernel.ts';

export const sgdUpdate: ReferenceKernel<'sgdUpdate'> = (
  { param, grad, lr },
  { weightDecay },
  next,
) => {
  param.data.forEach((p, i) => {
    next.data[i] = p - lr.data[0]! * (grad.data[i]! + weightDecay * p);
  });
};

export const momentumUpdate: ReferenceKernel<'momentumUpdate'> = (
  { param, grad, velocity, lr, step },
  { momentum, dampening, nesterov, weightDecay },
  next,
) => {
  param.data.forEach((p, i) => {
    const g = grad.data[i]! + weightDecay * p;
    const v = step.data[0] === 0 ? g : momentum * velocity.data[i]! + (1 - dampening) * g;
    next.velocity.data[i] = v;
    next.param.data[i] = p - lr.data[0]! * (nesterov ? g + momentum * v : v);
  });
};

export const adamUpdate: ReferenceKernel<'adamUpdate'> = (
  { param, grad, mean, variance, lr, step },
  { beta1, beta2, epsilon, weightDecay, decoupled },
  next,
) => {
  const t = step.data[0]! + 1;
  const rate = lr.data[0]!;
  param.data.forEach((old, i) => {
    const p = decoupled ? old * (1 - rate * weightDecay) : old;
    const g = decoupled ? grad.data[i]! : grad.data[i]! + weightDecay * old;
    const m = beta1 * mean.data[i]! + (1 - beta1) * g;
    const v = beta2 * variance.data[i]! + (1 - beta2) * g * g;
    next.mean.data[i] = m;
    next.variance.data[i] = v;
    const spread = Math.sqrt(v / (1 - beta2 ** t)) + epsilon;
    next.param.data[i] = p - (rate * (m / (1 - beta1 ** t))) / spread;
  });
};

export const rmspropUpdate: ReferenceKernel<'rmspropUpdate'> = (
  { param, grad, square, mean, velocity, lr },
  { alpha, epsilon, momentum, centered, weightDecay },
  next,
) => {
  param.data.forEach((p, i) => {
    const g = grad.data[i]! + weightDecay * p;
    const s = alpha * square.data[i]! + (1 - alpha) * g * g;
    const m = centered ? alpha * mean.data[i]! + (1 - alpha) * g : mean.data[i]!;
    const scaled = g / (Math.sqrt(centered ? s - m * m : s) + epsilon);
    const v = momentum * velocity.data[i]! + scaled;
    next.square.data[i] = s;
    next.mean.data[i] = m;
    next.velocity.data[i] = v;
    next.param.data[i] = p - lr.data[0]! * v;
  });
};
