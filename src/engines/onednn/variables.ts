import { EngineError, type NumberArray } from '../../graph/index.ts';
import type { Arrays, Variables, VariableType } from '../engine.ts';
import { arrayOf, checkArray } from './arrays.ts';
import { dtypeCodes } from './encode.ts';
import { guarded } from './errors.ts';
import type { Addon, Handle } from './native.ts';

export interface NativeVariables extends Variables {
  readonly handle: Handle;
  readonly index: ReadonlyMap<string, number>;
}

export async function createNativeVariables(
  addon: Addon,
  engine: Handle,
  types: readonly VariableType[],
  values: Arrays,
): Promise<NativeVariables> {
  const index = new Map(types.map(({ name }, i) => [name, i]));
  const handle = await guarded(() =>
    addon.createVariables(
      engine,
      types.map(({ dtype, shape }) => [dtypeCodes[dtype], ...shape]),
      types.map((type) => checkArray(`variable "${type.name}"`, values[type.name], type)),
    ),
  );
  const find = (name: string): number => {
    const at = index.get(name);
    if (at === undefined) throw new EngineError(`onednn: there is no variable "${name}"`);
    return at;
  };
  return {
    types,
    handle,
    index,
    async read(names = types.map(({ name }) => name)) {
      const buffers = await guarded(() => addon.read(handle, names.map(find)));
      const entries = names.map((name, i): [string, NumberArray] => [
        name,
        arrayOf(types[find(name)]!.dtype, buffers[i]!),
      ]);
      return Object.fromEntries(entries);
    },
    async write(given) {
      const indices = Object.keys(given).map(find);
      const arrays = indices.map((at) => {
        const type = types[at]!;
        return checkArray(`variable "${type.name}"`, given[type.name], type);
      });
      await guarded(() => addon.write(handle, indices, arrays));
    },
    async [Symbol.asyncDispose]() {
      addon.dispose(handle);
    },
  };
}
