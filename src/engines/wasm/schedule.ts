import { byteSize, sameShape, type ValueId } from '../../graph/index.ts';
import { type PrimitiveName, primitives } from '../../ops/primitives.ts';
import { readsOf, type Step } from './step.ts';
import { type Flow, readersOf } from './views.ts';

export const isInPlace = (step: Step): boolean =>
  step.tail === undefined && primitives[step.op as PrimitiveName].inPlace === true;

export interface Schedule {
  /** Hoisted steps first. */
  readonly steps: readonly Step[];
  /** New values that are written straight into their variable: variable by value. */
  readonly direct: ReadonlyMap<ValueId, ValueId>;
}

/** Steps that must come before a step: those it reads from or waits for, and those whose data it overwrites. */
type Predecessors = Map<Step, Set<Step>>;

/**
 * Orders the steps so that gradients die early and memory stays small, and finds the updates that
 * may happen in place: those whose step can come after all other readers of the old value.
 */
export function schedule(flow: Flow): Schedule {
  const hoisted = flow.steps.filter((step) => step.hoisted);
  const steps = flow.steps.filter((step) => !step.hoisted);
  const producers = new Map<ValueId, Step>();
  for (const step of steps) for (const id of step.outputs) producers.set(id, step);
  const predecessors: Predecessors = new Map();
  const successors: Predecessors = new Map(steps.map((step) => [step, new Set()]));
  for (const step of steps) {
    const waitsFor = step.after === undefined ? [] : [step.after];
    const sources = [...readsOf(step), ...waitsFor].map((id) => producers.get(flow.rootOf(id)));
    predecessors.set(step, new Set(sources.filter((source) => source !== undefined)));
    for (const source of predecessors.get(step)!) successors.get(source)!.add(step);
  }

  const direct = new Map<ValueId, ValueId>();
  const readers = readersOf(flow);
  for (const [variable, value] of flow.updates) {
    const writer = producers.get(value)!;
    const others = (readers.get(variable) ?? []).filter((step) => step !== writer);
    if (!mayOverwrite(flow, writer, value, variable)) continue;
    const after = reachable(writer, successors);
    if (others.some((step) => after.has(step))) continue;
    direct.set(value, variable);
    for (const step of others) {
      predecessors.get(writer)!.add(step);
      successors.get(step)!.add(writer);
    }
  }

  const size = (id: ValueId): number => (direct.has(id) ? 0 : byteSize(flow.types[id]!));
  const inProgramOrder = order(steps, predecessors, () => 0);
  const frugal = order(steps, predecessors, growth(flow, steps, size));
  const peaks = [inProgramOrder, frugal].map((list) => peakOf(flow, list, size));
  return { steps: [...hoisted, ...(peaks[1]! < peaks[0]! ? frugal : inProgramOrder)], direct };
}

/** Whether a step may write `value` where `variable` lies, as far as it reads that itself. */
function mayOverwrite({ types, rootOf }: Flow, writer: Step, value: ValueId, variable: ValueId) {
  const own = readsOf(writer).filter((id) => rootOf(id) === variable);
  if (own.length === 0) return true;
  const { shape, dtype } = types[value]!;
  const alike = own.every((id) => types[id]!.dtype === dtype && sameShape(types[id]!.shape, shape));
  return alike && isInPlace(writer);
}

function reachable(from: Step, successors: Predecessors): Set<Step> {
  const found = new Set<Step>();
  const stack = [from];
  for (let step = stack.pop(); step !== undefined; step = stack.pop()) {
    for (const next of successors.get(step)!) {
      if (found.has(next)) continue;
      found.add(next);
      stack.push(next);
    }
  }
  return found;
}

/** A topological order: of the steps that could come next, the cheapest, or else the earliest. */
function order(
  steps: readonly Step[],
  predecessors: Predecessors,
  cost: (step: Step, done: (step: Step) => boolean) => number,
): Step[] {
  const done = new Set<Step>();
  const isDone = (step: Step) => done.has(step);
  const missing = new Map(steps.map((step) => [step, predecessors.get(step)!.size]));
  const followers = new Map<Step, Step[]>(steps.map((step) => [step, []]));
  for (const step of steps) for (const p of predecessors.get(step)!) followers.get(p)!.push(step);
  const position = new Map(steps.map((step, i) => [step, i]));
  const ready = steps.filter((step) => missing.get(step) === 0);
  while (ready.length > 0) {
    let best = 0;
    let lowest = Number.POSITIVE_INFINITY;
    for (let i = 0; i < ready.length; i++) {
      const c = cost(ready[i]!, isDone);
      const earlier = position.get(ready[i]!)! < position.get(ready[best]!)!;
      if (c < lowest || (c === lowest && earlier)) [best, lowest] = [i, c];
    }
    const [step] = ready.splice(best, 1) as [Step];
    done.add(step);
    for (const follower of followers.get(step)!) {
      missing.set(follower, missing.get(follower)! - 1);
      if (missing.get(follower) === 0) ready.push(follower);
    }
  }
  return [...done];
}

/** By how many bytes a step makes the memory in use grow. */
function growth(flow: Flow, steps: readonly Step[], size: (id: ValueId) => number) {
  const readers = readersOf({ ...flow, steps });
  const kept = keptRoots(flow);
  const produced = new Set(steps.flatMap(({ outputs }) => outputs));
  return (step: Step, done: (step: Step) => boolean): number => {
    let bytes = 0;
    for (const id of step.outputs) if (readers.has(id) || kept.has(id)) bytes += size(id);
    for (const root of new Set(readsOf(step).map(flow.rootOf))) {
      if (!produced.has(root) || kept.has(root)) continue;
      if (readers.get(root)!.every((reader) => reader === step || done(reader))) {
        bytes -= size(root);
      }
    }
    return bytes;
  };
}

/** Roots that must outlast the last step. */
export const keptRoots = ({ outputs, updates, rootOf }: Flow): Set<ValueId> =>
  new Set([...outputs.map(({ id }) => rootOf(id)), ...updates.values()]);

function peakOf(flow: Flow, steps: readonly Step[], size: (id: ValueId) => number): number {
  const done = new Set<Step>();
  const cost = growth(flow, steps, size);
  let now = 0;
  let peak = 0;
  for (const step of steps) {
    // While it runs, both what it reads and what it writes is there.
    const written = step.outputs.reduce((sum, id) => sum + size(id), 0);
    peak = Math.max(peak, now + written);
    now += cost(step, (other) => done.has(other));
    done.add(step);
  }
  return peak;
}
