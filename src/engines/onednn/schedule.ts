import { byteSize, type Program, type TensorType, type ValueId } from '../../graph/index.ts';
import type { Step } from './steps.ts';

/** A step, and for each output the input whose memory it takes over (-1: none). */
export interface PlannedStep extends Step {
  readonly inPlace: readonly number[];
}

/** Inputs that the native update steps write their outputs over, in the order of the outputs. */
const updateTargets: Readonly<Record<string, readonly number[]>> = {
  sgdUpdate: [0],
  momentumUpdate: [0, 2],
  adamUpdate: [0, 2, 3],
  rmspropUpdate: [0, 2, 3, 4],
  lerp: [0],
  add: [0],
};

class Graph {
  readonly after: Set<number>[];
  readonly waits: number[];

  constructor(size: number) {
    this.after = Array.from({ length: size }, () => new Set<number>());
    this.waits = new Array<number>(size).fill(0);
  }

  link(from: number, to: number): void {
    if (from === to || this.after[from]!.has(to)) return;
    this.after[from]!.add(to);
    this.waits[to]!++;
  }

  /** Whether any of `targets` comes after `from`. */
  reaches(from: number, targets: ReadonlySet<number>): boolean {
    const seen = new Set<number>([from]);
    const stack = [from];
    for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
      for (const next of this.after[at]!) {
        if (targets.has(next)) return true;
        if (!seen.has(next)) {
          seen.add(next);
          stack.push(next);
        }
      }
    }
    return false;
  }
}

/**
 * Puts steps in an order that keeps little alive: of those that may run, the one that frees most
 * goes first, so weight gradients run as soon as they can and free what they read. Decides which
 * updates write over their variable: those after which nobody reads it.
 */
export function schedule(
  program: Program,
  steps: readonly Step[],
  types: readonly TensorType[],
): PlannedStep[] {
  const graph = new Graph(steps.length);
  const producer = new Map<ValueId, number>();
  steps.forEach((step, i) => {
    for (const id of step.outputs) producer.set(id, i);
  });
  /** The variable or value whose bytes a reshaped value shares. */
  const rootOf = (id: ValueId): ValueId => {
    const at = producer.get(id);
    const step = at === undefined ? undefined : steps[at]!;
    return step?.op === 'reshape' ? rootOf(step.inputs[0]!) : id;
  };
  /** The same, and weights in another precision, which are converted only where they are read. */
  const sourceOf = (id: ValueId): ValueId => {
    const at = producer.get(id);
    const step = at === undefined ? undefined : steps[at]!;
    return step?.op === 'reshape' || step?.op === 'cast' ? sourceOf(step.inputs[0]!) : id;
  };
  const readers = new Map<ValueId, Set<number>>();
  steps.forEach((step, i) => {
    const awaited = step.after === undefined ? undefined : producer.get(step.after);
    if (awaited !== undefined) graph.link(awaited, i);
    for (const id of step.inputs) {
      if (id === undefined) continue;
      const at = producer.get(id);
      if (at !== undefined) graph.link(at, i);
      const source = sourceOf(id);
      if (!readers.has(source)) readers.set(source, new Set());
      readers.get(source)!.add(i);
    }
  });

  const readAtEnd = new Set(
    [...program.outputs.map(({ id }) => id), ...program.updates.map(({ value }) => value)].map(
      sourceOf,
    ),
  );
  const inPlace = steps.map((step) => step.outputs.map(() => -1));
  for (const { variable, value } of program.updates) {
    const at = producer.get(value);
    if (at === undefined || readAtEnd.has(variable)) continue;
    const step = steps[at]!;
    const output = step.outputs.indexOf(value);
    const input = updateTargets[step.op]?.[output];
    if (input === undefined || step.inputs[input] !== variable || step.hoisted) continue;
    // Read twice by one step, or of another shape than the result: not the same elements.
    if (step.inputs.filter((id) => id === variable).length > 1) continue;
    if (String(types[variable]!.shape) !== String(types[value]!.shape)) continue;
    const others = new Set([...(readers.get(variable) ?? [])].filter((i) => i !== at));
    if (graph.reaches(at, others)) continue;
    for (const i of others) graph.link(i, at);
    inPlace[at]![output] = input;
  }
  /** Steps whose results take no new memory. */
  const isFree = (i: number) => steps[i]!.op === 'reshape' || inPlace[i]!.some((at) => at >= 0);
  /** Gradients that an update reads and lets go. */
  const passing = new Set<ValueId>();
  for (const [id, set] of readers) if (set.size === 1 && isFree([...set][0]!)) passing.add(id);
  const cost = steps.map((step, i) =>
    isFree(i)
      ? 0
      : step.outputs.reduce((sum, id) => sum + (passing.has(id) ? 0 : byteSize(types[id]!)), 0),
  );
  return order(steps, types, graph, cost, readAtEnd, rootOf).map((i) => ({
    ...steps[i]!,
    inPlace: inPlace[i]!,
  }));
}

function order(
  steps: readonly Step[],
  types: readonly TensorType[],
  graph: Graph,
  cost: readonly number[],
  readAtEnd: ReadonlySet<ValueId>,
  rootOf: (id: ValueId) => ValueId,
): number[] {
  const produced = new Set(steps.flatMap((step) => step.outputs));
  const inputsOf = steps.map((step) => [
    ...new Set(step.inputs.filter((id) => id !== undefined).map(rootOf)),
  ]);
  const left = new Map<ValueId, number>();
  for (const ids of inputsOf) for (const id of ids) left.set(id, (left.get(id) ?? 0) + 1);
  const isTemporary = (id: ValueId) => produced.has(id) && !readAtEnd.has(id);
  const gain = (i: number): number =>
    inputsOf[i]!.reduce(
      (sum, id) => (left.get(id) === 1 && isTemporary(id) ? sum + byteSize(types[id]!) : sum),
      -cost[i]!,
    );
  const waits = [...graph.waits];
  const ready = steps.map((_, i) => i).filter((i) => waits[i] === 0);
  const result: number[] = [];
  while (ready.length > 0) {
    let best = 0;
    let bestGain = gain(ready[0]!);
    for (let k = 1; k < ready.length; k++) {
      const own = gain(ready[k]!);
      if (own > bestGain || (own === bestGain && ready[k]! < ready[best]!)) {
        [best, bestGain] = [k, own];
      }
    }
    const [i] = ready.splice(best, 1) as [number];
    result.push(i);
    for (const id of inputsOf[i]!) left.set(id, left.get(id)! - 1);
    for (const next of graph.after[i]!) {
      waits[next]!--;
      if (waits[next] === 0) ready.push(next);
    }
  }
  return result;
}
