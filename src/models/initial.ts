import type { Tensor } from '../graph/index.ts';
import {
  type Initializer,
  type InitialOptions,
  type InitialRule,
  normal,
  zeros,
} from '../nn/index.ts';

// Rules for how the weights of a whole net start.

/** Kernels of convolutions. */
export const kernels = (initial: Initializer): InitialRule => ({
  match: (_name: string, { shape }: Tensor) => shape.length === 4,
  initial,
});

/** Weights of linear layers. */
export const linearWeights = (initial: Initializer): InitialRule => ({
  match: (_name: string, { shape }: Tensor) => shape.length === 2,
  initial,
});

/** Every bias. */
export const zeroBiases: InitialRule = { match: /\bbias$/, initial: zeros };

/** Kernels as given, linear weights from N(0, 0.01²), biases zero: torchvision's VGG and MobileNet. */
export const kernelsAndSmallLinear = (initial: Initializer): InitialOptions => ({
  overrides: [kernels(initial), linearWeights(normal(0, 0.01)), zeroBiases],
});
