import type { DType, NumberArray } from '../../graph/index.ts';

// What the main thread and its workers say to each other. Worker 0, the coordinator, listens to
// messages. The others sleep on a word of shared memory until the coordinator wakes them.

/** The first message to every worker. */
export interface Start {
  readonly module: WebAssembly.Module;
  /** Left out where memory cannot be shared: the worker then makes its own. */
  readonly memory: WebAssembly.Memory | undefined;
  /** See `Word`. */
  readonly control: Int32Array;
  readonly thread: number;
  readonly threads: number;
}

/** What to run: the address of a list of calls, and the first call of it. */
export interface Run {
  readonly calls: number;
  readonly from: number;
  /** Whether to measure the calls, which puts a barrier after each. */
  readonly timed: boolean;
}

export type Request =
  | { readonly kind: 'start'; readonly start: Start }
  | { readonly kind: 'run'; readonly run: Run }
  | { readonly kind: 'grow'; readonly pages: number }
  | { readonly kind: 'write'; readonly address: number; readonly data: NumberArray }
  | {
      readonly kind: 'read';
      readonly address: number;
      readonly dtype: DType;
      readonly length: number;
    };

/** Start, run and read are each answered once, in order. */
export type Reply =
  | { readonly kind: 'ready' }
  /** `times`: milliseconds of each call, when the run was timed. */
  | { readonly kind: 'done'; readonly times: Float64Array | undefined }
  | { readonly kind: 'data'; readonly data: NumberArray }
  /** A call trapped (index in its list), or something failed outside of calls. */
  | { readonly kind: 'failed'; readonly call: number | undefined; readonly message: string };

/** Indices in the control block. Words that are written at the same time lie on separate lines. */
export const Word = {
  /** Threads that have reached the barrier. */
  arrived: 0,
  /** Counts the barriers passed. */
  generation: 32,
  /** Threads asleep at the barrier. */
  sleepers: 64,
  /** Counts the runs; the next three describe the latest, as `Run`. */
  runs: 96,
  calls: 97,
  from: 98,
  timed: 99,
  /** 1 once a thread has failed. */
  failed: 128,
} as const;
export const CONTROL_WORDS = 160;

export const PAGE = 65536;
/** All that 32 bits can address. */
export const MAXIMUM_PAGES = 65536;
/** Pages that a memory begins with. The kernels' own constants must fit: their build checks it. */
export const INITIAL_PAGES = 1;

export const createMemory = (): WebAssembly.Memory =>
  new WebAssembly.Memory({ initial: INITIAL_PAGES, maximum: MAXIMUM_PAGES, shared: true });
