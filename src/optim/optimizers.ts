import { type Tensor, UsageError } from '../graph/index.ts';
import { adamUpdate, momentumUpdate, rmspropUpdate, sgdUpdate } from '../ops/index.ts';

/** What one update of one parameter works with. */
export interface UpdateInputs {
  readonly param: Tensor;
  readonly grad: Tensor;
  /** The optimiser's memory of this parameter, by slot. */
  readonly slots: Readonly<Record<string, Tensor>>;
  /** Learning rate: [] float32. */
  readonly lr: Tensor;
  /** Number of updates done before this one: [] int32. */
  readonly step: Tensor;
  readonly weightDecay: number;
}

export interface UpdateResult {
  readonly param: Tensor;
  readonly slots: Readonly<Record<string, Tensor>>;
}

/** An update rule as data: what it remembers of each parameter, and the step it takes. */
export interface Optimizer {
  readonly config: OptimizerConfig;
  /** What it keeps for each parameter, each of the parameter's shape, starting at 0. */
  readonly slots: readonly string[];
  /** For parameters that no group gives another. */
  readonly weightDecay: number;
  update(inputs: UpdateInputs): UpdateResult;
}

export interface SgdOptions {
  /** 0 by default. */
  readonly momentum?: number | undefined;
  readonly dampening?: number | undefined;
  readonly nesterov?: boolean | undefined;
  readonly weightDecay?: number | undefined;
}
export interface AdamOptions {
  readonly beta1?: number | undefined;
  readonly beta2?: number | undefined;
  readonly epsilon?: number | undefined;
  /** 0 by default, 0.01 for AdamW. */
  readonly weightDecay?: number | undefined;
}
export interface RmspropOptions {
  /** Smoothing of the squared gradient; 0.99 by default. */
  readonly alpha?: number | undefined;
  readonly epsilon?: number | undefined;
  readonly momentum?: number | undefined;
  readonly centered?: boolean | undefined;
  readonly weightDecay?: number | undefined;
}

/** An optimiser as JSON, for configurations and checkpoints. */
export type OptimizerConfig =
  | ({ readonly type: 'sgd' } & SgdOptions)
  | ({ readonly type: 'adam' | 'adamw' } & AdamOptions)
  | ({ readonly type: 'rmsprop' } & RmspropOptions);

/** Stochastic gradient descent, with momentum if asked. PyTorch's SGD. */
export function sgd(options: SgdOptions = {}): Optimizer {
  const { momentum = 0, dampening = 0, nesterov = false, weightDecay = 0 } = options;
  checkNotNegative('sgd', { momentum, dampening, weightDecay });
  const config: OptimizerConfig = { type: 'sgd', momentum, dampening, nesterov, weightDecay };
  if (nesterov && (momentum === 0 || dampening !== 0)) {
    throw new UsageError(
      `sgd: nesterov needs a momentum above 0 and no dampening (momentum is ${momentum}, dampening is ${dampening})`,
    );
  }
  if (momentum === 0) {
    const update = ({ param, grad, lr, weightDecay }: UpdateInputs) => ({
      param: sgdUpdate(param, grad, lr, { weightDecay }),
      slots: {},
    });
    return { config, slots: [], weightDecay, update };
  }
  return {
    config,
    slots: ['momentum'],
    weightDecay,
    update({ param, grad, slots, lr, step, weightDecay }) {
      const attrs = { momentum, dampening, nesterov, weightDecay };
      const next = momentumUpdate(param, grad, slots.momentum!, lr, step, attrs);
      return { param: next.param, slots: { momentum: next.velocity } };
    },
  };
}

/** PyTorch's Adam: weight decay is added to the gradient. */
export const adam = (options: AdamOptions = {}): Optimizer =>
  adaptiveMoments('adam', { weightDecay: 0, ...defined(options) });

/** PyTorch's AdamW: weight decay shrinks the parameters themselves. */
export const adamw = (options: AdamOptions = {}): Optimizer =>
  adaptiveMoments('adamw', { weightDecay: 0.01, ...defined(options) });

function adaptiveMoments(
  type: 'adam' | 'adamw',
  { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0 }: AdamOptions,
): Optimizer {
  checkNotNegative(type, { epsilon, weightDecay });
  checkBelowOne(type, { beta1, beta2 });
  const decoupled = type === 'adamw';
  return {
    config: { type, beta1, beta2, epsilon, weightDecay },
    slots: ['mean', 'variance'],
    weightDecay,
    update({ param, grad, slots, lr, step, weightDecay }) {
      const attrs = { beta1, beta2, epsilon, weightDecay, decoupled };
      const next = adamUpdate(param, grad, slots.mean!, slots.variance!, lr, step, attrs);
      return { param: next.param, slots: { mean: next.mean, variance: next.variance } };
    },
  };
}

/** PyTorch's RMSprop. */
export function rmsprop(options: RmspropOptions = {}): Optimizer {
  const { alpha = 0.99, epsilon = 1e-8, momentum = 0, centered = false, weightDecay = 0 } = options;
  checkNotNegative('rmsprop', { epsilon, momentum, weightDecay });
  checkBelowOne('rmsprop', { alpha });
  return {
    config: { type: 'rmsprop', alpha, epsilon, momentum, centered, weightDecay },
    slots: ['square', 'mean', 'velocity'],
    weightDecay,
    update({ param, grad, slots, lr, weightDecay }) {
      const { square, mean, velocity } = slots as Record<'square' | 'mean' | 'velocity', Tensor>;
      const attrs = { alpha, epsilon, momentum, centered, weightDecay };
      const next = rmspropUpdate(param, grad, square, mean, velocity, lr, attrs);
      const { param: moved, ...rest } = next;
      return { param: moved, slots: rest };
    },
  };
}

/** The optimiser that a configuration describes. */
export function optimizer(config: OptimizerConfig): Optimizer {
  switch (config.type) {
    case 'sgd':
      return sgd(config);
    case 'adam':
      return adam(config);
    case 'adamw':
      return adamw(config);
    case 'rmsprop':
      return rmsprop(config);
  }
}

const defined = <T extends object>(options: T): T =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T;

function checkNotNegative(name: string, values: Record<string, number>): void {
  for (const [key, value] of Object.entries(values)) {
    if (!(value >= 0)) throw new UsageError(`${name}: ${key} must be 0 or more (it is ${value})`);
  }
}

function checkBelowOne(name: string, values: Record<string, number>): void {
  for (const [key, value] of Object.entries(values)) {
    if (!(value >= 0 && value < 1)) {
      throw new UsageError(`${name}: ${key} must lie in [0, 1) (it is ${value})`);
    }
  }
}
