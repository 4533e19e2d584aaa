import {
  type Attrs,
  type Instruction,
  invariant,
  type NumberArray,
  namedInputs,
  type Op,
  type Program,
  UsageError,
  type ValueId,
} from '../../graph/index.ts';
import { type PrimitiveName, primitives } from '../../ops/primitives.ts';
import { kernels } from './kernels.ts';
import { broadcastOffsets, stored, type Value, zeros } from './value.ts';

export type Numbers = Readonly<Record<string, NumberArray | readonly number[]>>;

export interface Interpreted {
  readonly outputs: Record<string, Float64Array>;
  /** New values of the variables that the program updates, by name. */
  readonly updates: Record<string, Float64Array>;
}

/**
 * Runs a program once, in float64 throughout. `variables` are left as they are; `done` is told of each
 * instruction.
 */
export function interpret(
  program: Program,
  feeds: Numbers,
  variables: Numbers = {},
  done?: (instruction: number) => void,
): Interpreted {
  const values = new Map<ValueId, Value>();
  const read = (id: ValueId): Value => values.get(id)!;
  const take = (what: string, source: Numbers, { name, id }: Program['inputs'][number]) => {
    const value = zeros(program.types[id]!);
    const given = source[name];
    if (given?.length !== value.data.length) {
      const got = given === undefined ? 'nothing' : `${given.length} numbers`;
      throw new UsageError(
        `reference: ${what} "${name}" needs ${value.data.length} numbers, but got ${got}`,
      );
    }
    value.data.set(given);
    values.set(id, value);
  };

  for (const named of program.inputs) take('input', feeds, named);
  for (const named of program.variables) take('variable', variables, named);
  for (const { id, data } of program.constants) {
    const value = zeros(program.types[id]!);
    if (typeof data === 'number') value.data.fill(data);
    else value.data.set(data);
    values.set(id, value);
  }
  program.instructions.forEach((instruction, at) => {
    const outputs = instruction.outputs.map((id) => zeros(program.types[id]!));
    const inputs = instruction.inputs.map((id) => (id === undefined ? undefined : read(id)));
    execute(instruction, inputs, outputs);
    instruction.outputs.forEach((id, i) => {
      values.set(id, outputs[i]!);
    });
    done?.(at);
  });
  const variableNames = new Map(program.variables.map(({ name, id }) => [id, name]));
  return {
    outputs: Object.fromEntries(program.outputs.map(({ name, id }) => [name, read(id).data])),
    updates: Object.fromEntries(
      program.updates.map(({ variable, value }) => [
        variableNames.get(variable)!,
        read(value).data,
      ]),
    ),
  };
}

export const isPrimitive = (op: string): op is PrimitiveName => Object.hasOwn(kernels, op);

function execute(
  { op: name, attrs }: Instruction,
  inputs: readonly (Value | undefined)[],
  outputs: readonly Value[],
): void {
  invariant(isPrimitive(name), `reference has no kernel for ${name}`);
  const op: Op = primitives[name];
  const kernel = kernels[name];
  if (kernel === 'elementwise') {
    elementwise(op, attrs, inputs as readonly Value[], outputs[0]!);
  } else {
    const named: Record<string, Value> | Value =
      op.outputs === undefined
        ? outputs[0]!
        : Object.fromEntries(op.outputs.map((output, i) => [output, outputs[i]!]));
    (kernel as AnyKernel)(namedInputs(op, inputs), attrs, named);
  }
  for (const { data, dtype } of outputs) data.set(data.map((value) => stored(value, dtype)));
}

/** Names and kernels are tied by the table's type; here one stands for all. */
type AnyKernel = (inputs: unknown, attrs: Attrs, outputs: unknown) => void;

function elementwise(op: Op, attrs: Attrs, inputs: readonly Value[], y: Value): void {
  const scalar = op.scalar!(attrs);
  const offsets = inputs.map((input) => broadcastOffsets(input.shape, y.shape));
  for (let i = 0; i < y.data.length; i++) {
    y.data[i] = scalar(...inputs.map((input, k) => input.data[offsets[k]![i]!]!));
  }
}
