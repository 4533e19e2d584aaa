import {
  EngineError,
  type Instruction,
  type Program,
  type TensorType,
  type ValueId,
} from '../../graph/index.ts';
import type { PrimitiveName } from '../../ops/primitives.ts';
import { encoders } from './attributes.ts';

/** One step of the native plan: an op of the program, or several fused into one. */
export interface Step {
  /** Name in the native table (native/ops). */
  readonly op: string;
  /** Ops of the program that it covers. */
  readonly ops: readonly string[];
  readonly inputs: readonly (ValueId | undefined)[];
  readonly outputs: readonly ValueId[];
  readonly attrs: readonly number[];
  readonly path: readonly string[];
  readonly after: ValueId | undefined;
  readonly flops: number;
  readonly hoisted: boolean;
}

/** A program being turned into steps: patterns replace instructions, and may add values. */
export class Draft {
  readonly types: TensorType[];
  readonly #instructions: readonly Instruction[];
  readonly #producer = new Map<ValueId, Instruction>();
  readonly #consumers = new Map<ValueId, Instruction[]>();
  readonly #kept = new Set<ValueId>();
  readonly #covered = new Set<Instruction>();
  readonly #steps = new Map<Instruction, Step>();

  constructor(program: Program) {
    this.types = [...program.types];
    this.#instructions = program.instructions;
    for (const instruction of program.instructions) {
      for (const id of instruction.outputs) this.#producer.set(id, instruction);
      for (const id of new Set(instruction.inputs)) {
        if (id === undefined) continue;
        const list = this.#consumers.get(id);
        if (list === undefined) this.#consumers.set(id, [instruction]);
        else list.push(instruction);
      }
    }
    for (const { id } of program.outputs) this.#kept.add(id);
    for (const { value } of program.updates) this.#kept.add(value);
  }

  get instructions(): readonly Instruction[] {
    return this.#instructions;
  }

  shape(id: ValueId): readonly number[] {
    return this.types[id]!.shape;
  }

  /** The instruction that makes a value, unless it is a leaf. */
  producer(id: ValueId | undefined): Instruction | undefined {
    return id === undefined ? undefined : this.#producer.get(id);
  }

  /** Instructions that read a value. */
  consumers(id: ValueId): readonly Instruction[] {
    return this.#consumers.get(id) ?? [];
  }

  /** The one instruction that reads a value, if it is the only one and the value goes nowhere else. */
  onlyConsumer(id: ValueId): Instruction | undefined {
    const list = this.consumers(id);
    return list.length === 1 && !this.#kept.has(id) ? list[0] : undefined;
  }

  isUnused(id: ValueId): boolean {
    return this.consumers(id).length === 0 && !this.#kept.has(id);
  }

  isKept(id: ValueId): boolean {
    return this.#kept.has(id);
  }

  isCovered(instruction: Instruction): boolean {
    return this.#covered.has(instruction) || this.#steps.has(instruction);
  }

  addValue(type: TensorType): ValueId {
    return this.types.push(type) - 1;
  }

  /** Carries out `covered` (the first gives name and path) by one step. */
  fuse(covered: readonly Instruction[], step: Pick<Step, 'op' | 'inputs' | 'outputs' | 'attrs'>) {
    const [first] = covered;
    for (const instruction of covered) this.#covered.add(instruction);
    this.#steps.set(covered.at(-1)!, {
      ...step,
      ops: covered.map(({ op }) => op),
      path: first!.path,
      after: first!.after,
      flops: covered.reduce((sum, { flops }) => sum + flops, 0),
      hoisted: covered.every(({ hoisted }) => hoisted),
    });
  }

  /** All steps; what no pattern covered is carried out by itself. */
  finish(): Step[] {
    return this.#instructions.flatMap((instruction) => {
      const fused = this.#steps.get(instruction);
      if (fused !== undefined) return [fused];
      return this.#covered.has(instruction) ? [] : [this.#single(instruction)];
    });
  }

  #single(instruction: Instruction): Step {
    const { op, inputs, outputs, path, after, flops, hoisted } = instruction;
    const attrs = this.encode(instruction);
    return { op, ops: [op], inputs, outputs, attrs, path, after, flops, hoisted };
  }

  encode({ op, inputs, attrs, path }: Instruction): readonly number[] {
    const encoder = Object.hasOwn(encoders, op) ? encoders[op as PrimitiveName] : undefined;
    if (encoder === undefined) {
      const place = path.length === 0 ? '' : ` in ${path.join(' › ')}`;
      throw new EngineError(
        `onednn: has no kernel for "${op}"${place}; use --engine wasm, or update Fovea`,
      );
    }
    const shapes = inputs.map((id) => (id === undefined ? undefined : this.shape(id)));
    return (encoder as (a: typeof attrs, s: typeof shapes) => readonly number[])(attrs, shapes);
  }
}
