import { availableParallelism } from 'node:os';
import {
  byteSize,
  EngineError,
  type NumberArray,
  type Program,
  type TensorType,
  UsageError,
} from '../../graph/index.ts';
import type { Arrays, Engine, Executable, Plan, Variables } from '../engine.ts';
import { arrayOf, checkArray } from './arrays.ts';
import { encodePlan } from './encode.ts';
import { guarded } from './errors.ts';
import { type Addon, type Compiled, loadAddon } from './native.ts';
import { patterns } from './patterns/index.ts';
import { type PlannedStep, schedule } from './schedule.ts';
import { Draft } from './steps.ts';
import { createNativeVariables, type NativeVariables } from './variables.ts';

export interface OnednnOptions {
  /** Threads for compute, all processors by default. */
  readonly threads?: number;
}

/** Whether the engine works here, and what to do if it does not. */
export interface OnednnStatus {
  readonly available: boolean;
  readonly reason?: string;
  readonly remedy?: string;
  /** Of the oneDNN library. */
  readonly version?: string;
  /** How many an engine takes unless told otherwise. */
  readonly threads?: number;
  readonly isa?: string;
  /** Whether the processor computes in bfloat16. */
  readonly bf16?: boolean;
}

export function onednnStatus(): OnednnStatus {
  const loaded = loadAddon();
  if (!('addon' in loaded)) return { available: false, ...loaded };
  const { version, isa, bf16 } = loaded.addon.info();
  return { available: true, version, isa, bf16, threads: availableParallelism() };
}

/**
 * The native engine: a whole program is one plan for oneDNN, run on a thread of its own. Needs Node,
 * and the addon that `npm install` builds where oneDNN is there (EngineError otherwise). Refuses
 * tensors of more than 12 axes.
 */
export async function onednnEngine({
  threads = availableParallelism(),
}: OnednnOptions = {}): Promise<Engine> {
  if (!Number.isInteger(threads) || threads < 1 || threads > 1024) {
    throw new UsageError(`onednn: threads must be a whole number from 1 to 1024, not ${threads}`);
  }
  const loaded = loadAddon();
  if (!('addon' in loaded)) {
    throw new EngineError(`onednn: ${loaded.reason}; to get it: ${loaded.remedy}`);
  }
  const { addon } = loaded;
  const { version, isa, bf16 } = addon.info();
  const engine = addon.create(threads);
  return {
    name: 'onednn',
    description: `onednn: oneDNN ${version}, ${threads} thread${threads === 1 ? '' : 's'}, ${isa}`,
    bfloat16: bf16,
    createVariables: (types, values) => createNativeVariables(addon, engine, types, values),
    compile: async (program, variables) => compile(addon, program, nativeVariables(variables)),
    async [Symbol.asyncDispose]() {
      addon.dispose(engine);
    },
  };
}

function nativeVariables(variables: Variables): NativeVariables {
  if (!('handle' in variables)) {
    throw new EngineError('onednn: these variables belong to another engine');
  }
  return variables as NativeVariables;
}

async function compile(
  addon: Addon,
  program: Program,
  variables: NativeVariables,
): Promise<Executable> {
  for (const { name, id } of program.variables) {
    const at = variables.index.get(name);
    const known = at === undefined ? undefined : variables.types[at]!;
    const type = program.types[id]!;
    if (known?.dtype !== type.dtype || String(known.shape) !== String(type.shape)) {
      throw new EngineError(
        `onednn: the program needs a variable "${name}" of ${type.dtype} [${type.shape}]`,
      );
    }
  }
  const draft = new Draft(program);
  for (const pattern of patterns) pattern.apply(draft);
  const steps = schedule(program, draft.finish(), draft.types);
  const plan = encodePlan(program, steps, draft.types, variables.index);
  const compiled = await guarded(
    () => addon.compile(variables.handle, plan.ops, plan.numbers, plan.constants),
    steps,
  );
  const feedsOf = (feeds: Arrays): NumberArray[] =>
    program.inputs.map(({ name, id }) =>
      checkArray(`input "${name}"`, feeds[name], program.types[id]!),
    );
  const run = (feeds: Arrays, profile: boolean) =>
    guarded(() => addon.run(compiled.handle, feedsOf(feeds), profile), steps);
  return {
    explain: explain(compiled, steps, draft.types),
    async run(feeds) {
      const { outputs } = await run(feeds, false);
      return Object.fromEntries(
        program.outputs.map(({ name, id }, i) => [
          name,
          arrayOf(program.types[id]!.dtype, outputs[i]!),
        ]),
      );
    },
    async profile(feeds) {
      const { micros = [] } = await run(feeds, true);
      return compiled.steps.map((_, i) => micros[i]! / 1000);
    },
    async [Symbol.asyncDispose]() {
      addon.dispose(compiled.handle);
    },
  };
}

function explain(
  { steps: calls, arenaBytes }: Compiled,
  steps: readonly PlannedStep[],
  types: readonly TensorType[],
): Plan {
  const bytesOf = ({ inputs, outputs }: PlannedStep): number =>
    [...inputs, ...outputs].reduce<number>(
      (sum, id) => sum + (id === undefined ? 0 : byteSize(types[id]!)),
      0,
    );
  return {
    arenaBytes,
    steps: calls.map(({ step, kernel }) => {
      const own = steps[step];
      return {
        ops: own?.ops ?? [],
        kernel,
        path: own?.path ?? [],
        flops: kernel.startsWith('reorder') ? 0 : (own?.flops ?? 0),
        bytes: own === undefined ? 0 : bytesOf(own),
      };
    }),
  };
}
