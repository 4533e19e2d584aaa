import { describe, it } from 'vitest';
import { type ScheduleConfig, schedule } from '../../src/optim/index.ts';
import { expectClose, readGolden } from './read.ts';

interface ScheduleCase {
  readonly name: string;
  readonly schedule: string;
  readonly options: Record<string, number> & { readonly milestones: readonly number[] };
  readonly rates: readonly number[];
}

const { cases, lr } = readGolden<ScheduleCase, { readonly lr: number }>('schedules');

type Row = (options: ScheduleCase['options']) => {
  readonly config: ScheduleConfig;
  readonly base?: number;
};
/** PyTorch's options in our terms, where rates are parts of a base rate. */
const rows: Record<string, Row> = {
  step: ({ stepSize, gamma }) => ({ config: { type: 'step', every: stepSize!, gamma } }),
  multiStep: ({ milestones, gamma }) => ({ config: { type: 'multiStep', milestones, gamma } }),
  exponential: ({ gamma }) => ({ config: { type: 'exponential', gamma: gamma! } }),
  cosine: ({ tMax, etaMin }) => ({
    config: { type: 'cosine', updates: tMax!, floor: etaMin! / lr },
  }),
  linear: ({ startFactor, totalIters }) => ({
    config: {
      type: 'warmup',
      updates: totalIters!,
      from: startFactor,
      next: { type: 'constant' },
    },
  }),
  warmupCosine: ({ warmup, startFactor, tMax, etaMin }) => ({
    config: {
      type: 'warmup',
      updates: warmup!,
      from: startFactor,
      next: { type: 'cosine', updates: tMax!, floor: etaMin! / lr },
    },
  }),
  oneCycle: (options) => ({
    base: options.maxLr!,
    config: {
      type: 'oneCycle',
      updates: options.totalSteps!,
      rise: options.pctStart,
      divide: options.divFactor,
      finalDivide: options.finalDivFactor,
      shape: (options.anneal as unknown) === 'linear' ? 'linear' : 'cosine',
      threePhase: options.threePhase as unknown as boolean,
    },
  }),
};

describe('schedules agree with PyTorch', () => {
  it.for(cases)('$name', ({ schedule: name, options, rates }, { skip }) => {
    const row = rows[name];
    if (row === undefined) return skip(`there is no ${name} schedule`);
    const { config, base = lr } = row(options);
    const factor = schedule(config);
    expectClose(
      rates.map((_, k) => base * factor(k)),
      rates,
      1e-11,
    );
  });
});
