import {
  type DType,
  EngineError,
  instructionCost,
  type NumberArray,
  type Program,
  sizeOf,
  UsageError,
} from '../../graph/index.ts';
import type { Arrays, Engine, Executable, Variables, VariableType } from '../engine.ts';
import { interpret, isPrimitive } from './interpret.ts';

const arrayTypes = {
  float32: Float32Array,
  bfloat16: Float32Array,
  int32: Int32Array,
  uint8: Uint8Array,
  bool: Uint8Array,
} as const satisfies Record<DType, unknown>;

const toArray = (data: Float64Array, dtype: DType): NumberArray => new arrayTypes[dtype](data);

type Store = Record<string, Float64Array>;

/**
 * The oracle that other engines are measured against: naive loops, float64 whatever the dtype,
 * whole numbers for the others. It refuses nothing, is slow, and blocks while it runs.
 */
export function referenceEngine(): Engine {
  const stores = new WeakMap<Variables, Store>();
  const dispose = async () => {};

  return {
    name: 'reference',
    description: 'reference: naive loops in float64, one thread',
    bfloat16: false,
    [Symbol.asyncDispose]: dispose,

    async createVariables(types, values) {
      const store: Store = {};
      const put = (name: string, array: NumberArray | undefined) => {
        const type = types.find((known) => known.name === name);
        if (type === undefined) {
          throw new UsageError(`reference: there is no variable "${name}"`);
        }
        if (array?.length !== sizeOf(type.shape)) {
          const rule = `variable "${name}" needs ${sizeOf(type.shape)} numbers`;
          throw new UsageError(`reference: ${rule}, but got ${array?.length ?? 'nothing'}`);
        }
        store[name] = Float64Array.from(array);
      };
      for (const { name } of types) put(name, values[name]);
      const variables: Variables = {
        types,
        read: async (names) => readAll(types, store, names),
        async write(arrays) {
          for (const [name, array] of Object.entries(arrays)) put(name, array);
        },
        [Symbol.asyncDispose]: dispose,
      };
      stores.set(variables, store);
      return variables;
    },

    async compile(program, variables) {
      const store = stores.get(variables);
      if (store === undefined) {
        throw new EngineError('reference: these variables belong to another engine');
      }
      for (const { op } of program.instructions) {
        if (!isPrimitive(op)) throw new EngineError(`reference: there is no kernel for "${op}"`);
      }
      return executable(program, store);
    },
  };
}

function readAll(
  types: readonly VariableType[],
  store: Store,
  names: readonly string[] = types.map(({ name }) => name),
): Record<string, NumberArray> {
  const dtypes = new Map(types.map(({ name, dtype }) => [name, dtype]));
  const entries = names.map((name) => {
    const dtype = dtypes.get(name);
    if (dtype === undefined) throw new UsageError(`reference: there is no variable "${name}"`);
    return [name, toArray(store[name]!, dtype)] as const;
  });
  return Object.fromEntries(entries);
}

function executable(program: Program, store: Store): Executable {
  const produced = program.instructions.flatMap(({ outputs }) => outputs);
  return {
    explain: {
      steps: program.instructions.map((instruction) => ({
        ops: [instruction.op],
        kernel: instruction.op,
        path: instruction.path,
        ...instructionCost(program, instruction),
      })),
      arenaBytes: produced.reduce((sum, id) => sum + 8 * sizeOf(program.types[id]!.shape), 0),
    },
    async run(feeds: Arrays) {
      const { outputs, updates } = interpret(program, feeds, store);
      Object.assign(store, updates);
      const dtypes = program.outputs.map(
        ({ name, id }) => [name, program.types[id]!.dtype] as const,
      );
      return Object.fromEntries(
        dtypes.map(([name, dtype]) => [name, toArray(outputs[name]!, dtype)]),
      );
    },
    async profile(feeds) {
      const times: number[] = [];
      let before = performance.now();
      const { updates } = interpret(program, feeds, store, () => {
        const now = performance.now();
        times.push(now - before);
        before = now;
      });
      Object.assign(store, updates);
      return times;
    },
    [Symbol.asyncDispose]: async () => {},
  };
}
