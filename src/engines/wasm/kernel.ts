import type { TensorType } from '../../graph/index.ts';
import type { AttrsOf, PrimitiveName, Primitives } from '../../ops/primitives.ts';

/** Where something will lie in the engine's memory; turned into an address once memory is planned. */
export interface Place {
  readonly offset: number;
  readonly of: symbol;
}

export interface Operand extends TensorType {
  readonly place: Place;
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
}

export interface KernelRequest<A> {
  readonly attrs: A;
  /** `undefined` where an optional input was left out. */
  readonly inputs: readonly (Operand | undefined)[];
  readonly outputs: readonly Operand[];
  readonly threads: number;
  /** Temporary memory for the calls of this step. */
  scratch(bytes: number): Place;
}

/** Carries out one op as a list of calls. Everything that depends on shapes is decided here, once. */
export type Kernel<K extends PrimitiveName> = (
  request: KernelRequest<AttrsOf<K>>,
) => readonly Call[];

/** One kernel for every primitive op: a forgotten one does not compile. */
export type KernelTable = { readonly [K in keyof Primitives & PrimitiveName]: Kernel<K> };
