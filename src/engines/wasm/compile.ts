import {
  EngineError,
  type Interval,
  type NumberArray,
  type Program,
  planArena,
  sizeOf,
  type TensorType,
  type ValueId,
} from '../../graph/index.ts';
import { filled, toArray } from './arrays.ts';
import { type Emitted, type Emitter, emit } from './emit.ts';
import { fuse } from './fuse.ts';
import { schedule } from './schedule.ts';
import type { Step } from './step.ts';
import { assignStorage, type Location } from './storage.ts';
import { type PlannedCall, scheduleThreads } from './threads.ts';
import { shareViews } from './views.ts';

export interface NamedLocation extends TensorType {
  readonly name: string;
  readonly location: Location;
}

/** A program ready to be laid into memory. */
export interface Compiled {
  readonly steps: readonly Step[];
  /** Types of the values that steps name. */
  readonly types: readonly TensorType[];
  readonly calls: readonly PlannedCall[];
  /** The first call of every run. Those before it are made when steady values have changed. */
  readonly first: number;
  /** Variables that these earlier calls depend on. */
  readonly steadyVariables: readonly string[];
  readonly updatedVariables: readonly string[];
  readonly inputs: readonly NamedLocation[];
  readonly outputs: readonly NamedLocation[];
  readonly locate: (place: symbol) => Location;
  /** Numbers that belong into the kept memory. */
  readonly data: readonly { readonly offset: number; readonly array: NumberArray }[];
  readonly arenaBytes: number;
  readonly keptBytes: number;
}

const ALIGNMENT = 64;

export function compileProgram(program: Program, emitter: Emitter): Compiled {
  checkSupport(program, emitter);
  const flow = shareViews(program, fuse(program));
  const plan = schedule(flow);
  const storages = assignStorage(program, flow, plan);
  const changing = new Set(program.updates.map(({ variable }) => variable));
  const isSteady = (root: ValueId): boolean => {
    const { home } = storages.get(root)!;
    return home === 'constant' || home === 'kept' || (home === 'variable' && !changing.has(root));
  };
  const copies = [...flow.updates].filter(([, value]) => !plan.direct.has(value));
  const copySteps = copies.map(([variable, value]): Step => {
    const { shape } = flow.types[variable]!;
    const step = { op: 'reshape', attrs: { shape }, inputs: [value], outputs: [variable] };
    const rest = { tail: undefined, path: [], after: undefined, flops: 0, hoisted: false };
    return { ...step, ...rest, ops: ['update'] };
  });
  const steps = [...plan.steps, ...copySteps];
  const emitted = steps.map((step) => emit(step, flow, storages, isSteady, emitter));

  const locations = new Map<symbol, Location>();
  const data: { offset: number; array: NumberArray }[] = [];
  let keptBytes = 0;
  const keep = (place: symbol, bytes: number): number => {
    const offset = keptBytes;
    locations.set(place, { home: 'kept', offset, variable: undefined });
    keptBytes += Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
    return offset;
  };
  for (const { id, data: values } of program.constants) {
    const { shape, dtype } = flow.types[id]!;
    const array =
      typeof values === 'number' ? filled(values, dtype, sizeOf(shape)) : toArray(values, dtype);
    data.push({ offset: keep(storages.get(id)!.place, array.byteLength), array });
  }
  for (const { name, id } of program.variables) {
    const location: Location = { home: 'variable', offset: 0, variable: name };
    locations.set(storages.get(id)!.place, location);
  }
  const inArena: (Interval & { readonly place: symbol })[] = [];
  for (const storage of new Set(storages.values())) {
    if (storage.home === 'arena') inArena.push(storage);
    else if (storage.home === 'kept') keep(storage.place, storage.bytes);
  }
  emitted.forEach(({ scratch, kept, tables }, i) => {
    for (const { place, bytes } of scratch) inArena.push({ place, bytes, first: i, last: i });
    for (const { place, bytes } of kept) keep(place, bytes);
    for (const { place, data: array } of tables) {
      data.push({ offset: keep(place, array.byteLength), array });
    }
  });
  const arena = planArena(inArena, ALIGNMENT);
  inArena.forEach(({ place }, i) => {
    locations.set(place, { home: 'arena', offset: arena.offsets[i]!, variable: undefined });
  });
  const locate = (place: symbol): Location => locations.get(place)!;

  const prologue = emitted.flatMap(({ once, calls }, i) => {
    const list = steps[i]!.hoisted ? [...once, ...calls] : once;
    return list.map((call) => ({ ...call, step: i, barrier: true, solo: false }));
  });
  const rest = emitted.map((each) => (each.step.hoisted ? { ...each, calls: [] } : each));
  const updatedVariables = program.variables
    .filter(({ id }) => changing.has(id))
    .map(({ name }) => name);
  const named = (name: string, id: ValueId): NamedLocation => {
    const location = locate(storages.get(flow.rootOf(id))!.place);
    return { ...flow.types[id]!, name, location };
  };
  return {
    steps,
    types: flow.types,
    calls: [...prologue, ...scheduleThreads(rest, locate, emitter.shareAll)],
    first: prologue.length,
    steadyVariables: usedOnce(emitted, locate).filter((name) => !updatedVariables.includes(name)),
    updatedVariables,
    inputs: program.inputs.map(({ name, id }) => named(name, id)),
    outputs: flow.outputs.map(({ name, id }) => named(name, id)),
    locate,
    data,
    arenaBytes: arena.bytes,
    keptBytes,
  };
}

function checkSupport({ instructions, types }: Program, { kernels }: Emitter): void {
  for (const { op, path } of instructions) {
    if (Object.hasOwn(kernels, op)) continue;
    const place = path.length === 0 ? '' : ` in ${path.join(' › ')}`;
    throw new EngineError(`wasm: there is no kernel for ${op}${place}; use another engine`);
  }
  if (types.some(({ dtype }) => dtype === 'bfloat16')) {
    throw new EngineError('wasm: there is no bfloat16 in WebAssembly; use precision "float32"');
  }
}

/** Variables read by steps of which anything is done only once. */
function usedOnce(
  emitted: readonly Emitted[],
  locate: (place: symbol) => Location,
): readonly string[] {
  const names = emitted
    .filter(({ step, once }) => step.hoisted || once.length > 0)
    .flatMap(({ reads }) => reads.map(({ place }) => locate(place).variable));
  return [...new Set(names)].filter((name) => name !== undefined);
}
