import type { Inputs, Outputs } from '../../graph/index.ts';
import type { AttrsOf, PrimitiveName, Primitives } from '../../ops/primitives.ts';
import type { Value } from './value.ts';

type TypesOf<K extends PrimitiveName> = Primitives[K] extends { readonly types?: infer T }
  ? NonNullable<T>
  : never;
type InputsOf<K extends PrimitiveName> =
  TypesOf<K> extends { inputs: infer I extends readonly string[] } ? I : never;
type OutputsOf<K extends PrimitiveName> =
  TypesOf<K> extends { outputs: infer O extends string } ? O : never;

/** Computes one op: reads its inputs by name and fills its outputs, which come zeroed. */
export type ReferenceKernel<K extends PrimitiveName> = (
  inputs: Inputs<InputsOf<K>, Value>,
  attrs: AttrsOf<K>,
  outputs: Outputs<OutputsOf<K>, Value>,
) => void;
