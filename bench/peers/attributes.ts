import type { Instruction } from '../../src/graph/index.ts';
import type { AttrsOf, PrimitiveName } from '../../src/ops/primitives.ts';

/** Attributes of an instruction whose op is known. */
export const attrsOf = <K extends PrimitiveName>(_op: K, { attrs }: Instruction): AttrsOf<K> =>
  attrs as AttrsOf<K>;
