import { UsageError } from '../graph/index.ts';

// A schedule says which part of the base learning rate each update uses. Its numbers count updates,
// not epochs, and its formulae are PyTorch's.

/** Of each schedule, as JSON: configurations and checkpoints hold it. */
export type ScheduleConfig =
  | { readonly type: 'constant' }
  /** × gamma every `every` updates. */
  | { readonly type: 'step'; readonly every: number; readonly gamma?: number | undefined }
  /** × gamma at each milestone. */
  | {
      readonly type: 'multiStep';
      readonly milestones: readonly number[];
      readonly gamma?: number | undefined;
    }
  /** × gamma each update. */
  | { readonly type: 'exponential'; readonly gamma: number }
  /** Half a cosine from 1 down to `floor` (0 by default) over `updates` updates. */
  | { readonly type: 'cosine'; readonly updates: number; readonly floor?: number | undefined }
  | OneCycle
  | Warmup;

/**
 * Up to 1 and down again within `updates` updates (Smith and Topin 2018). Unlike PyTorch's, it leaves
 * momentum alone.
 */
export interface OneCycle {
  readonly type: 'oneCycle';
  readonly updates: number;
  /** Share of the updates spent rising; 0.3 by default. */
  readonly rise?: number | undefined;
  /** It starts at 1 / divide; 25 by default. */
  readonly divide?: number | undefined;
  /** It ends at 1 / (divide · finalDivide); 10000 by default. */
  readonly finalDivide?: number | undefined;
  readonly shape?: 'cosine' | 'linear' | undefined;
  /** Whether it falls as it rose before it falls to the end. */
  readonly threePhase?: boolean | undefined;
}

/** `updates` updates that lead up to another schedule, which then starts from its own beginning. */
export interface Warmup {
  readonly type: 'warmup';
  readonly updates: number;
  /** Where it starts; 0.1 by default. */
  readonly from?: number | undefined;
  /** 'linear' (the default) rises to 1; 'constant' stays. */
  readonly shape?: 'linear' | 'constant' | undefined;
  readonly next: ScheduleConfig;
}

/** The factor of the base learning rate that update k (from 0) uses. Pure. */
export type Schedule = (update: number) => number;

/**
 * The schedule that a configuration describes.
 *
 * @throws UsageError when a number is out of range
 */
export function schedule(config: ScheduleConfig): Schedule {
  switch (config.type) {
    case 'constant':
      return () => 1;
    case 'step': {
      const { every, gamma = 0.1 } = config;
      checkCount('step', 'every', every);
      return (k) => gamma ** Math.floor(k / every);
    }
    case 'multiStep': {
      const { milestones, gamma = 0.1 } = config;
      return (k) => gamma ** milestones.filter((milestone) => milestone <= k).length;
    }
    case 'exponential':
      return (k) => config.gamma ** k;
    case 'cosine': {
      const { updates, floor = 0 } = config;
      checkCount('cosine', 'updates', updates);
      return (k) => between(1, floor, cosine(k / updates));
    }
    case 'oneCycle':
      return oneCycle(config);
    case 'warmup':
      return warmup(config);
  }
}

const between = (a: number, b: number, t: number): number => a + (b - a) * t;
/** Rises from 0 to 1 along half a cosine. */
const cosine = (t: number): number => (1 - Math.cos(Math.PI * t)) / 2;

function oneCycle(config: OneCycle): Schedule {
  const { updates, rise = 0.3, divide = 25, finalDivide = 1e4, shape, threePhase } = config;
  checkCount('oneCycle', 'updates', updates);
  if (!(rise > 0 && rise < (threePhase ? 0.5 : 1))) {
    throw invalid('oneCycle', `rise must lie in (0, ${threePhase ? 0.5 : 1})`, rise);
  }
  const ease = shape === 'linear' ? (t: number) => t : cosine;
  const start = 1 / divide;
  const end = start / finalDivide;
  const top = rise * updates - 1;
  const points: readonly (readonly [at: number, factor: number])[] = threePhase
    ? [
        [0, start],
        [top, 1],
        [2 * top, start],
        [updates - 1, end],
      ]
    : [
        [0, start],
        [top, 1],
        [updates - 1, end],
      ];
  return (k) => {
    const next = points.findIndex(([at]) => k <= at);
    if (next === -1) return end;
    if (next === 0) return start;
    const [from, a] = points[next - 1]!;
    const [to, b] = points[next]!;
    return between(a, b, ease((k - from) / (to - from)));
  };
}

function warmup({ updates, from = 0.1, shape = 'linear', next }: Warmup): Schedule {
  if (!(updates >= 0)) throw invalid('warmup', 'updates must be 0 or more', updates);
  const rest = schedule(next);
  const rising = shape === 'linear';
  return (k) => (k >= updates ? rest(k - updates) : rising ? between(from, 1, k / updates) : from);
}

function checkCount(type: string, name: string, value: number): void {
  if (!(value >= 1)) throw invalid(type, `${name} must be 1 or more`, value);
}

const invalid = (type: string, rule: string, value: number) =>
  new UsageError(`schedule ${type}: ${rule} (it is ${value})`);
