import { EngineError, type Program, sameShape, UsageError } from '../../graph/index.ts';
import type { Engine, Variables } from '../engine.ts';
import { compileProgram } from './compile.ts';
import { createExecutable } from './executable.ts';
import { createHost } from './host.ts';
import type { KernelTable } from './kernel.ts';
import { loadKernels } from './load.ts';
import { availableCores, canShareMemory } from './platform.ts';
import { startTeam } from './team.ts';
import { createVariables, type WasmVariables } from './variables.ts';

export interface WasmOptions {
  /** Threads to compute with, 1 to 16; as many as the machine has cores unless told. */
  readonly threads?: number;
  /** Whether to use fused multiply-add where the runtime has it; yes unless told. */
  readonly relaxed?: boolean;
}

export interface WasmEngine extends Engine {
  /** Bytes of linear memory: taken from the system, and of these in use. */
  readonly memory: { readonly reserved: number; readonly used: number };
}

const MAXIMUM_THREADS = 16;

/**
 * An engine with the given bindings of its kernels: see `wasmEngine`. With `shareAll` every step is
 * shared among the threads, however small: for tests, whose tensors are.
 */
export async function createEngine(
  kernels: KernelTable,
  options: WasmOptions,
  shareAll = false,
): Promise<WasmEngine> {
  const { threads = Math.min(MAXIMUM_THREADS, availableCores()), relaxed = true } = options;
  if (!Number.isInteger(threads) || threads < 1 || threads > MAXIMUM_THREADS) {
    throw new UsageError(`wasm: threads must be 1 to ${MAXIMUM_THREADS} (it is ${threads})`);
  }
  const shared = canShareMemory();
  const loaded = await loadKernels(relaxed);
  const team = await startTeam(loaded.module, shared ? threads : 1, shared);
  const host = createHost(team, loaded.module);
  const own = new WeakSet<Variables>();

  return {
    name: 'wasm',
    description: describe(team.threads, shared, loaded.relaxed),
    bfloat16: false,
    get memory() {
      return { reserved: team.reserved, used: host.regions.used };
    },
    async createVariables(types, values) {
      const variables = await createVariables(host, types, values);
      own.add(variables);
      return variables;
    },
    compile: (program, variables) =>
      host.enqueue(async () => {
        if (!own.has(variables)) {
          throw new EngineError('wasm: these variables belong to another engine');
        }
        checkVariables(program, variables as WasmVariables);
        const { threads, measure } = team;
        const compiled = compileProgram(program, { kernels, threads, shareAll, measure });
        return createExecutable(host, compiled, variables as WasmVariables);
      }),
    [Symbol.asyncDispose]: () => team.close(),
  };
}

function describe(threads: number, shared: boolean, relaxed: boolean): string {
  const count = threads === 1 ? '1 thread' : `${threads} threads`;
  const reason = shared ? '' : ' (the page is not cross-origin isolated)';
  return `wasm: ${count}${reason}, ${relaxed ? 'relaxed SIMD' : 'SIMD'}`;
}

/** Every variable of the program must be there, with its type. */
function checkVariables({ variables, types }: Program, { slots }: WasmVariables): void {
  for (const { name, id } of variables) {
    const slot = slots().get(name);
    const { shape, dtype } = types[id]!;
    if (slot?.type.dtype === dtype && sameShape(slot.type.shape, shape)) continue;
    const found = slot ? `it is ${slot.type.dtype} [${slot.type.shape}]` : 'there is none';
    throw new UsageError(`wasm: variable "${name}" must be ${dtype} [${shape}], ${found}`);
  }
}
