import { describe, expect, it } from 'vitest';
import { UsageError } from '../graph/errors.ts';
import { configOptions, parseOption, resolveConfig } from './config.ts';

const option = (name: string) => configOptions.find((known) => known.name === name)!;

describe('resolveConfig', () => {
  it('fills in defaults', () => {
    expect(resolveConfig()).toMatchObject({
      model: 'lenet',
      epochs: 10,
      batch: 256,
      engine: 'auto',
    });
  });

  it('lets later layers win, and what is undefined count for nothing', () => {
    const recipe = { lr: 0.9, batch: 64 };
    expect(resolveConfig(recipe, { lr: 0.5, batch: undefined })).toMatchObject({
      lr: 0.5,
      batch: 64,
    });
  });

  it('is plain JSON', () => {
    const config = resolveConfig({
      normalize: { mean: [0.5], std: [0.2] },
      milestones: [3],
      schedule: 'multiStep',
    });
    expect(resolveConfig(JSON.parse(JSON.stringify(config)))).toEqual(config);
  });

  it.each<[Record<string, unknown>, string]>([
    [{ epoch: 3 }, 'there is no option "epoch" (did you mean "epochs"?)'],
    [{ epochs: 0 }, 'option epochs must be at least 1 (it is 0)'],
    [{ epochs: 1.5 }, 'option epochs must be a whole number (it is 1.5)'],
    [{ seed: '1' }, 'option seed must be a number (it is "1")'],
    [{ lr: Number.POSITIVE_INFINITY }, 'option lr must be finite (it is Infinity)'],
    [{ flip: 2 }, 'option flip must be at most 1 (it is 2)'],
    [{ clipNorm: 0 }, 'option clipNorm must be above 0 (it is 0)'],
    [{ nesterov: 1 }, 'option nesterov must be true or false (it is 1)'],
    [
      { optimizer: 'adm' },
      'option optimizer must be sgd, adam, adamw, rmsprop (it is "adm") (did you mean "adam"?)',
    ],
    [
      { normalize: 'both' },
      'option normalize must be none, dataset, imagenet or { mean, std } with a number for each channel (it is "both")',
    ],
    [
      { modelOptions: { hidden: [1] } },
      'option modelOptions.hidden must be text, a number, true or false (it is [1])',
    ],
    [
      { optimizer: 'adam', momentum: 0.9 },
      'option momentum belongs to sgd, rmsprop, and this run uses adam with the constant schedule; leave it out or change the other',
    ],
    [{ gamma: 0.5 }, 'option gamma belongs to step, multiStep, exponential, and'],
    [{ nesterov: true }, 'option nesterov needs a momentum above 0'],
    [{ schedule: 'multiStep' }, 'the multiStep schedule needs milestones'],
    [{ schedule: 'step' }, 'the step schedule needs stepSize'],
    [{ epochs: 2, warmup: 2 }, 'option warmup must be shorter than the 2 epochs (it is 2)'],
    [{ clipNorm: 1, clipValue: 1 }, 'options clipNorm and clipValue exclude each other'],
  ])('refuses %j', (options, message) => {
    const resolve = () => resolveConfig(options);
    expect(resolve).toThrow(UsageError);
    expect(resolve).toThrow(message);
  });
});

describe('configOptions', () => {
  it('tells the command line everything about an option', () => {
    expect(option('weightDecay')).toMatchObject({ flag: '--weight-decay', kind: 'number' });
    expect(option('optimizer')).toMatchObject({
      kind: 'choice',
      choices: ['sgd', 'adam', 'adamw', 'rmsprop'],
      default: 'sgd',
    });
    expect(option('nesterov').kind).toBe('switch');
    expect(option('milestones').kind).toBe('list');
    expect(option('modelOptions').kind).toBe('pairs');
    expect(option('init').choices).toContain('xavierUniform');
    for (const { kind, description } of configOptions) {
      expect(kind).toBeDefined();
      expect(description).not.toBe('');
    }
  });

  it.each<[string, string, unknown]>([
    ['lr', '1e-3', 0.001],
    ['milestones', '10,20', [10, 20]],
    ['model', 'lenet', 'lenet'],
    ['nesterov', 'false', false],
    ['modelOptions', 'hidden=64,act=relu,bias=true', { hidden: 64, act: 'relu', bias: true }],
  ])('reads --%s %s', (name, text, value) => {
    expect(parseOption(option(name), text)).toEqual(value);
  });

  it.each([
    ['lr', 'fast', '--lr must be a number (it is "fast")'],
    ['lr', '', '--lr must be a number'],
    ['milestones', '1,,2', '--milestones must be a number (it is "")'],
    ['nesterov', 'yes', '--nesterov is a switch: true or false (it is "yes")'],
    ['modelOptions', 'hidden', '--model-options takes name=value pairs (it has "hidden")'],
  ])('refuses --%s "%s"', (name, text, message) => {
    expect(() => parseOption(option(name), text)).toThrow(message);
  });
});
