import type { NumberArray, TensorType } from '../../graph/index.ts';
import type { AttrsOf, PrimitiveName, Primitives } from '../../ops/primitives.ts';

/** Where something will lie in the engine's memory; turned into an address once memory is planned. */
export interface Place {
  readonly offset: number;
  readonly of: symbol;
}

/**
 * A tensor that a kernel reads or writes, dense and row-major. Places are 64-byte aligned, and the
 * 64 bytes before and after each are addressable memory of any content.
 */
export interface Operand extends TensorType {
  readonly place: Place;
  /** Whether it stays the same from run to run until variables are written from outside. */
  readonly steady: boolean;
}

/** A kernel argument: a number, an address to be, or 0 for what was left out. */
export type Argument = number | Place;

/**
 * One call of an exported WASM function. Every thread makes it with the same arguments and adds
 * its own (thread, threads); a barrier follows.
 */
export interface Call {
  readonly name: string;
  readonly args: readonly Argument[];
  /**
   * Depends on steady inputs only and writes only memory from `scratch(bytes, 'kept')`: need not be
   * repeated while these inputs stay the same. Packing the weights of an inference is such a call.
   */
  readonly once?: boolean;
}

export type Activation = 'none' | 'relu' | 'relu6' | 'sigmoid' | 'tanh';

/** Element-wise work fused into conv2d and matmul: y = activation(result + bias + residual). */
export interface Tail {
  /** One number per output channel (conv2d) or column (matmul), as a vector in memory. */
  readonly bias: Operand | undefined;
  /** As large as y, and never in y's own place. Only for conv2d. */
  readonly residual: Operand | undefined;
  readonly activation: Activation;
}

export interface KernelRequest<A> {
  readonly attrs: A;
  /** `undefined` where an optional input was left out. */
  readonly inputs: readonly (Operand | undefined)[];
  /**
   * Outputs lie apart from the inputs, except those of ops declared `inPlace`: each of theirs may
   * lie exactly over an input of its own type, so the elements at i of all inputs must be read
   * before those of any output are written.
   */
  readonly outputs: readonly Operand[];
  /** Set only for conv2d and matmul, and only when there is something to fuse. */
  readonly tail: Tail | undefined;
  readonly threads: number;
  /**
   * Temporary memory for the calls of this step, all threads together; 'kept' memory belongs to
   * this step alone and lasts from run to run, as calls made `once` need it.
   */
  scratch(bytes: number, lifetime?: 'kept'): Place;
  /** Read-only numbers that the calls need, such as strides of many axes. */
  table(data: NumberArray): Place;
  /** What an exported function returns for plain numbers: how much scratch a kernel needs. */
  measure(name: string, ...args: readonly number[]): number;
}

/** Carries out one op as a list of calls. Everything that depends on shapes is decided here, once. */
export type Kernel<K extends PrimitiveName> = (
  request: KernelRequest<AttrsOf<K>>,
) => readonly Call[];

/** One kernel for every primitive op: a forgotten one does not compile. */
export type KernelTable = { readonly [K in keyof Primitives & PrimitiveName]: Kernel<K> };
