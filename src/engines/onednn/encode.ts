import type { DType, NumberArray, Program, TensorType } from '../../graph/index.ts';
import type { PlannedStep } from './schedule.ts';

/** Numbers of the element types in native/plan.h. */
export const dtypeCodes: Readonly<Record<DType, number>> = {
  float32: 0,
  bfloat16: 1,
  int32: 2,
  uint8: 3,
  bool: 4,
};
const sources = { temporary: 0, feed: 1, variable: 2, constant: 3 } as const;

export interface EncodedPlan {
  /** Names that the plan's op numbers stand for. */
  readonly ops: readonly string[];
  readonly numbers: Float64Array;
  readonly constants: readonly (number | NumberArray)[];
}

/** Constants in the element type that the addon reads. */
function constantOf(data: number | NumberArray, { dtype }: TensorType): number | NumberArray {
  if (typeof data === 'number') return data;
  switch (dtype) {
    case 'float32':
      return data instanceof Float32Array ? data : Float32Array.from(data);
    case 'int32':
      return data instanceof Int32Array ? data : Int32Array.from(data);
    case 'bfloat16':
      return data instanceof Uint16Array ? data : Uint16Array.from(data);
    default:
      return data instanceof Uint8Array ? data : Uint8Array.from(data);
  }
}

/** The plan as native/plan.cc reads it. `variables` gives each variable's place in the engine. */
export function encodePlan(
  program: Program,
  steps: readonly PlannedStep[],
  types: readonly TensorType[],
  variables: ReadonlyMap<string, number>,
): EncodedPlan {
  const origin = new Map<number, readonly [number, number]>();
  program.inputs.forEach(({ id }, i) => {
    origin.set(id, [sources.feed, i]);
  });
  program.constants.forEach(({ id }, i) => {
    origin.set(id, [sources.constant, i]);
  });
  for (const { name, id } of program.variables) {
    origin.set(id, [sources.variable, variables.get(name)!]);
  }
  const ops = [...new Set(steps.map(({ op }) => op))];
  const code = new Map(ops.map((op, i) => [op, i]));
  const out: number[] = [program.inputs.length, types.length];
  types.forEach(({ dtype, shape }, id) => {
    const [source, index] = origin.get(id) ?? [sources.temporary, 0];
    out.push(dtypeCodes[dtype], source, index, shape.length, ...shape);
  });
  out.push(steps.length);
  for (const { op, hoisted, inputs, outputs, inPlace, attrs } of steps) {
    out.push(code.get(op)!, Number(hoisted), inputs.length, ...inputs.map((id) => id ?? -1));
    out.push(outputs.length, ...outputs.flatMap((id, i) => [id, inPlace[i]!]));
    out.push(attrs.length, ...attrs);
  }
  out.push(program.outputs.length, ...program.outputs.map(({ id }) => id));
  out.push(program.updates.length);
  for (const { variable, value } of program.updates) out.push(origin.get(variable)![1], value);
  return {
    ops,
    numbers: Float64Array.from(out),
    constants: program.constants.map(({ id, data }) => constantOf(data, program.types[id]!)),
  };
}
