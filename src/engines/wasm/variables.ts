import {
  byteSize,
  didYouMean,
  EngineError,
  type NumberArray,
  sizeOf,
  UsageError,
} from '../../graph/index.ts';
import type { Arrays, Variables, VariableType } from '../engine.ts';
import { toArray } from './arrays.ts';
import type { Host } from './host.ts';

export interface Slot {
  readonly type: VariableType;
  readonly address: number;
  /** Counts the changes: by `write`, and by runs that update it. */
  version: number;
}

export interface WasmVariables extends Variables {
  /** The variables by name, while there are any. */
  slots(): ReadonlyMap<string, Slot>;
}

const ALIGNMENT = 64;

export function createVariables(
  { team, regions, enqueue }: Host,
  types: readonly VariableType[],
  values: Arrays,
): Promise<WasmVariables> {
  const byName = new Map(types.map((type) => [type.name, type]));

  /** Copies, as the caller may go on to change what is given. */
  function checked(arrays: Arrays): [string, NumberArray][] {
    return Object.entries(arrays).map(([name, array]) => {
      const type = byName.get(name);
      if (type === undefined) {
        const hint = didYouMean(name, byName.keys());
        throw new UsageError(`wasm: there is no variable "${name}"${hint}`);
      }
      if (array.length !== sizeOf(type.shape)) {
        const rule = `variable "${name}" of shape [${type.shape}] needs ${sizeOf(type.shape)} numbers`;
        throw new UsageError(`wasm: ${rule}, got ${array.length}`);
      }
      return [name, toArray(array, type.dtype).slice()];
    });
  }

  return enqueue(async () => {
    const unsupported = types.find(({ dtype }) => dtype === 'bfloat16');
    if (unsupported) {
      throw new EngineError(`wasm: variable "${unsupported.name}" is bfloat16; use float32`);
    }
    const first = checked(values);
    const missing = types.find(({ name }) => values[name] === undefined);
    if (missing) throw new UsageError(`wasm: variable "${missing.name}" has no value`);
    const slots = new Map<string, Slot>();
    const sizes = types.map((type) => Math.ceil(byteSize(type) / ALIGNMENT) * ALIGNMENT);
    const region = regions.allocate(sizes.reduce((sum, size) => sum + size, 0));
    let address = region.address;
    types.forEach((type, i) => {
      slots.set(type.name, { type, address, version: 0 });
      address += sizes[i]!;
    });
    let disposed = false;
    const slotOf = (name: string): Slot => {
      if (disposed) throw new EngineError('wasm: these variables were disposed of');
      const slot = slots.get(name);
      if (slot !== undefined) return slot;
      throw new UsageError(
        `wasm: there is no variable "${name}"${didYouMean(name, byName.keys())}`,
      );
    };
    const put = ([name, array]: [string, NumberArray]) => {
      const slot = slotOf(name);
      team.write(slot.address, array);
      slot.version++;
    };
    first.forEach(put);

    return {
      types,
      slots() {
        if (disposed) throw new EngineError('wasm: these variables were disposed of');
        return slots;
      },
      read: (names = types.map(({ name }) => name)) =>
        enqueue(async () => {
          const reading = names.map(async (name): Promise<[string, NumberArray]> => {
            const { address: from, type } = slotOf(name);
            return [name, await team.read(from, type.dtype, sizeOf(type.shape))];
          });
          return Object.fromEntries(await Promise.all(reading));
        }),
      async write(arrays) {
        const list = checked(arrays);
        await enqueue(async () => list.forEach(put));
      },
      [Symbol.asyncDispose]: () =>
        enqueue(async () => {
          if (!disposed) regions.free(region);
          disposed = true;
        }),
    };
  });
}
