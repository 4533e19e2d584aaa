import { describe, expect, it } from 'vitest';
import { adam, adamw, type OptimizerConfig, optimizer, rmsprop, sgd } from './optimizers.ts';

describe('optimizer', () => {
  it('has the defaults of PyTorch', () => {
    expect(sgd().config).toEqual({
      type: 'sgd',
      momentum: 0,
      dampening: 0,
      nesterov: false,
      weightDecay: 0,
    });
    const moments = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };
    expect(adam().config).toEqual({ type: 'adam', ...moments, weightDecay: 0 });
    expect(adamw({ weightDecay: undefined }).config).toEqual({
      type: 'adamw',
      ...moments,
      weightDecay: 0.01,
    });
    expect(rmsprop().config).toEqual({
      type: 'rmsprop',
      alpha: 0.99,
      epsilon: 1e-8,
      momentum: 0,
      centered: false,
      weightDecay: 0,
    });
  });

  it.each([sgd({ momentum: 0.9 }), adam(), adamw(), rmsprop({ centered: true })])(
    'is rebuilt from its configuration: $config.type',
    ({ config, slots }) => {
      const again = optimizer(JSON.parse(JSON.stringify(config)) as OptimizerConfig);
      expect(again.config).toEqual(config);
      expect(again.slots).toEqual(slots);
    },
  );

  it('remembers nothing without momentum', () => {
    expect(sgd().slots).toEqual([]);
    expect(sgd({ momentum: 0.5 }).slots).toEqual(['momentum']);
  });

  it.each<[() => unknown, string]>([
    [() => sgd({ nesterov: true }), 'sgd: nesterov needs a momentum above 0 and no dampening'],
    [() => sgd({ momentum: -1 }), 'sgd: momentum must be 0 or more (it is -1)'],
    [() => adam({ beta1: 1 }), 'adam: beta1 must lie in [0, 1) (it is 1)'],
    [() => adamw({ weightDecay: -1 }), 'adamw: weightDecay must be 0 or more (it is -1)'],
    [() => rmsprop({ alpha: 2 }), 'rmsprop: alpha must lie in [0, 1) (it is 2)'],
  ])('%s', (make, message) => {
    expect(make).toThrow(message);
  });
});
