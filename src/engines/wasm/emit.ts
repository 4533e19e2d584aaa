import { byteSize, type NumberArray, type ValueId } from '../../graph/index.ts';
import type { PrimitiveName } from '../../ops/primitives.ts';
import type { Call, Kernel, KernelRequest, KernelTable, Operand, Place } from './kernel.ts';
import type { Step } from './step.ts';
import type { Storage } from './storage.ts';
import type { Flow } from './views.ts';

/** A stretch of memory that a step reads or writes. */
export interface Extent {
  readonly place: symbol;
  readonly bytes: number;
}

/** A step with its calls. */
export interface Emitted {
  readonly step: Step;
  /** Calls that need to be made again only when steady values have changed. */
  readonly once: readonly Call[];
  readonly calls: readonly Call[];
  readonly reads: readonly Extent[];
  readonly writes: readonly Extent[];
  readonly scratch: readonly Extent[];
  readonly kept: readonly Extent[];
  readonly tables: readonly { readonly place: symbol; readonly data: NumberArray }[];
}

export interface Emitter {
  readonly kernels: KernelTable;
  readonly threads: number;
  /** Lets all threads take part in every step, however small. */
  readonly shareAll: boolean;
  measure(name: string, ...args: readonly number[]): number;
}

/** Asks the kernel of a step for its calls. */
export function emit(
  step: Step,
  { types, rootOf }: Flow,
  storages: ReadonlyMap<ValueId, Storage>,
  isSteady: (root: ValueId) => boolean,
  { kernels, threads, measure }: Omit<Emitter, 'shareAll'>,
): Emitted {
  const scratch: Extent[] = [];
  const kept: Extent[] = [];
  const tables: { place: symbol; data: NumberArray }[] = [];
  const reads: Extent[] = [];
  const writes: Extent[] = [];

  const operand = (id: ValueId, list: Extent[]): Operand => {
    const { place } = storages.get(rootOf(id))!;
    list.push({ place, bytes: byteSize(types[id]!) });
    return { ...types[id]!, place: { of: place, offset: 0 }, steady: isSteady(rootOf(id)) };
  };
  const read = (id: ValueId | undefined) => (id === undefined ? undefined : operand(id, reads));
  const piece = (list: Extent[], bytes: number): Place => {
    const place = Symbol(`scratch of ${step.op}`);
    list.push({ place, bytes });
    return { of: place, offset: 0 };
  };

  const request: KernelRequest<unknown> = {
    attrs: step.attrs,
    inputs: step.inputs.map(read),
    outputs: step.outputs.map((id) => operand(id, writes)),
    tail: step.tail && {
      bias: read(step.tail.bias),
      residual: read(step.tail.residual),
      activation: step.tail.activation,
    },
    threads,
    scratch: (bytes, lifetime) => piece(lifetime === 'kept' ? kept : scratch, bytes),
    table(data) {
      const place = Symbol(`table of ${step.op}`);
      tables.push({ place, data });
      return { of: place, offset: 0 };
    },
    measure,
  };
  const kernel = kernels[step.op as PrimitiveName] as Kernel<never>;
  const calls = kernel(request as KernelRequest<never>);
  return {
    step,
    once: calls.filter((call) => call.once === true),
    calls: calls.filter((call) => call.once !== true),
    reads,
    writes: [...writes, ...scratch],
    scratch,
    kept,
    tables,
  };
}
