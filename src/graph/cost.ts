import type { Instruction, Program } from './program.ts';
import { byteSize } from './shapes.ts';

export interface Cost {
  /** Floating-point operations; a multiply-add counts as two. */
  readonly flops: number;
  /** Bytes read and written if every operand came from memory once. */
  readonly bytes: number;
}

export function instructionCost(program: Program, instruction: Instruction): Cost {
  const ids = [...instruction.inputs, ...instruction.outputs];
  const bytes = ids.reduce<number>(
    (sum, id) => sum + (id === undefined ? 0 : byteSize(program.types[id]!)),
    0,
  );
  return { flops: instruction.flops, bytes };
}

/** Cost of one run. */
export function programCost(program: Program): Cost {
  let flops = 0;
  let bytes = 0;
  for (const instruction of program.instructions) {
    if (instruction.hoisted) continue;
    const cost = instructionCost(program, instruction);
    flops += cost.flops;
    bytes += cost.bytes;
  }
  return { flops, bytes };
}
