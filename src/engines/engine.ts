import type { NumberArray, Program, TensorType } from '../graph/index.ts';

/** Arrays by name. float32 values are Float32Array, int32 Int32Array, uint8 and bool Uint8Array. */
export type Arrays = Readonly<Record<string, NumberArray>>;

export interface VariableType extends TensorType {
  readonly name: string;
}

/** Values that live in the engine between runs, shared by all executables compiled with them. */
export interface Variables extends AsyncDisposable {
  readonly types: readonly VariableType[];
  /** Copies of the current values, all of them unless named. Waits for running executables. */
  read(names?: readonly string[]): Promise<Record<string, NumberArray>>;
  /** Replaces the values of the named variables. */
  write(values: Arrays): Promise<void>;
}

/** How one step of an executable is carried out. */
export interface PlanStep {
  /** Ops that this step covers; more than one when they were fused. */
  readonly ops: readonly string[];
  /** The kernel or pattern chosen. */
  readonly kernel: string;
  readonly path: readonly string[];
  readonly flops: number;
  /** What its tensors hold: read and written if each came from memory once. */
  readonly bytes: number;
}

export interface Plan {
  readonly steps: readonly PlanStep[];
  /** Bytes of temporary memory that a run needs. */
  readonly arenaBytes: number;
}

export interface Executable extends AsyncDisposable {
  /**
   * Runs the whole program once: copies `feeds` in, computes, applies the updates, and copies the
   * outputs out. Never blocks the event loop. Runs of one engine are carried out in call order. Feeds
   * must stay unchanged until the promise settles; those that the program does not read are ignored.
   */
  run(feeds: Arrays): Promise<Record<string, NumberArray>>;
  readonly explain: Plan;
  /** Runs once, with a barrier after every step of `explain`: milliseconds of each. */
  profile(feeds: Arrays): Promise<readonly number[]>;
}

export interface Engine extends AsyncDisposable {
  readonly name: string;
  /** One line for people: version, threads, instruction set. */
  readonly description: string;
  /** Whether it computes programs of mixed precision (see `mixedPrecision`) here. */
  readonly bfloat16: boolean;
  createVariables(types: readonly VariableType[], values: Arrays): Promise<Variables>;
  /** Fails here, naming the op, when a kernel is missing; never later. */
  compile(program: Program, variables: Variables): Promise<Executable>;
}
