import {
  type Instruction,
  type Program,
  type Shape,
  sameShape,
  type ValueId,
} from '../../graph/index.ts';
import type { Activation } from './kernel.ts';
import { type Step, stepOf } from './step.ts';

/** What a pattern may ask about the program. */
interface Reading {
  shape(id: ValueId): Shape;
  /** The instruction that alone reads a value, unless it is part of a step already. */
  onlyReader(id: ValueId): Instruction | undefined;
}

interface Match {
  readonly step: Step;
  readonly covers: readonly Instruction[];
}

/** Accepts the instruction as the first of a fused step, or not. */
type Pattern = (first: Instruction, reading: Reading) => Match | undefined;

const activations: ReadonlySet<string> = new Set<Activation>(['relu', 'relu6', 'sigmoid', 'tanh']);

/** The other operand of an addition to `id`. */
function addend(instruction: Instruction | undefined, id: ValueId): ValueId | undefined {
  if (instruction?.op !== 'add') return undefined;
  const [a, b] = instruction.inputs;
  return a === id ? b : a;
}

/**
 * An op followed by the addition of a bias (told by its shape), perhaps that of a tensor of its own
 * shape, and an activation. Whatever of this is there is fused, in this order.
 */
const withTail =
  (op: string, isBias: (bias: Shape, y: Shape) => boolean, takesResidual: boolean): Pattern =>
  (first, { shape, onlyReader }) => {
    if (first.op !== op) return undefined;
    const covers = [first];
    const last = () => covers.at(-1)!.outputs[0]!;
    const y = shape(last());
    const next = () => {
      const reader = onlyReader(last());
      return reader?.hoisted === first.hoisted ? reader : undefined;
    };
    const addition = (accepts: (shape: Shape) => boolean): ValueId | undefined => {
      const reader = next();
      const other = addend(reader, last());
      if (other === undefined || !sameShape(shape(reader!.outputs[0]!), y)) return undefined;
      if (!accepts(shape(other))) return undefined;
      covers.push(reader!);
      return other;
    };
    const bias = addition((other) => isBias(other, y));
    const residual = takesResidual ? addition((other) => sameShape(other, y)) : undefined;
    const reader = next();
    const activated = reader !== undefined && activations.has(reader.op);
    if (activated) covers.push(reader);
    if (covers.length === 1) return undefined;
    const step: Step = {
      ...stepOf(first),
      outputs: [last()],
      tail: { bias, residual, activation: activated ? (reader.op as Activation) : 'none' },
      ops: covers.map((covered) => covered.op),
      flops: covers.reduce((sum, { flops }) => sum + flops, 0),
    };
    return { step, covers };
  };

/** [c, 1, 1] or [1, c, 1, 1] for y [n, c, h, w]. */
const isPerChannel = (bias: Shape, y: Shape): boolean =>
  sameShape(bias.length === 4 && bias[0] === 1 ? bias.slice(1) : bias, [y[1]!, 1, 1]);

/** [n] or [1, n] for y [..., m, n]. */
const isPerColumn = (bias: Shape, y: Shape): boolean =>
  sameShape(bias.length === 2 && bias[0] === 1 ? bias.slice(1) : bias, [y.at(-1)!]);

/** The first that accepts wins. The last accepts all. */
const patterns: readonly Pattern[] = [
  withTail('conv2d', isPerChannel, true),
  withTail('matmul', isPerColumn, false),
  (first) => ({ step: stepOf(first), covers: [first] }),
];

/** The instructions as steps, each where the last instruction that it covers stood. */
export function fuse({ instructions, outputs, updates, types }: Program): Step[] {
  const readers = new Map<ValueId, Instruction[]>();
  for (const instruction of instructions) {
    for (const id of instruction.inputs) {
      if (id === undefined) continue;
      if (!readers.has(id)) readers.set(id, []);
      readers.get(id)!.push(instruction);
    }
  }
  const kept = new Set([...outputs.map(({ id }) => id), ...updates.map(({ value }) => value)]);
  const covered = new Set<Instruction>();
  const reading: Reading = {
    shape: (id) => types[id]!.shape,
    onlyReader(id) {
      const [reader, ...others] = readers.get(id) ?? [];
      if (reader === undefined || others.length > 0 || kept.has(id)) return undefined;
      return covered.has(reader) ? undefined : reader;
    },
  };
  const stepAt = new Map<Instruction, Step>();
  for (const instruction of instructions) {
    if (covered.has(instruction)) continue;
    for (const pattern of patterns) {
      const match = pattern(instruction, reading);
      if (match === undefined) continue;
      for (const each of match.covers) covered.add(each);
      stepAt.set(match.covers.at(-1)!, match.step);
      break;
    }
  }
  return instructions.flatMap((instruction) => stepAt.get(instruction) ?? []);
}
