import type { Op } from '../graph/index.ts';
import * as all from './index.ts';

type Exports = typeof all;
interface Marked {
  readonly kind: 'primitive';
  readonly name: string;
}

/** Every primitive op by name, collected from what this folder exports. */
export type Primitives = {
  [K in keyof Exports as Exports[K] extends Marked ? Exports[K]['name'] : never]: Exports[K];
};
export type PrimitiveName = keyof Primitives;

/** The attributes that a kernel of this op sees. */
export type AttrsOf<K extends PrimitiveName> = Primitives[K] extends {
  readonly types?: { readonly attrs: infer A };
}
  ? A
  : never;

const isPrimitive = (value: unknown): value is Op =>
  typeof value === 'function' && 'kind' in value && value.kind === 'primitive';

export const primitives = Object.fromEntries(
  Object.values(all)
    .filter(isPrimitive)
    .map((op) => [op.name, op]),
) as unknown as { readonly [K in PrimitiveName]: Op };
