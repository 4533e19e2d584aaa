import { namedInputs } from './define-op.ts';
import { invariant, UsageError } from './errors.ts';
import {
  constantData,
  inputName,
  isConstant,
  isInput,
  isVariable,
  variableAttrs,
} from './leaves.ts';
import type { Lowered } from './lower.ts';
import type { Attrs, NumberArray, Tensor, TensorType } from './tensor.ts';
import { topological } from './traverse.ts';

/** Index into `Program.types`. */
export type ValueId = number;

export interface Instruction {
  readonly op: string;
  /** `undefined` where an optional input was left out. */
  readonly inputs: readonly (ValueId | undefined)[];
  readonly outputs: readonly ValueId[];
  readonly attrs: Attrs;
  /** Enclosing layers, for profiles and messages. */
  readonly path: readonly string[];
  /** Saves memory by not running before this value is there. Engines that reorder respect it. */
  readonly after: ValueId | undefined;
  readonly flops: number;
  /**
   * Depends on nothing but constants and variables that this program does not change: need not
   * run again until somebody else changes the variables.
   */
  readonly hoisted: boolean;
}

export interface Named {
  readonly name: string;
  readonly id: ValueId;
}

/** A finished computation: flat, typed, in the order of execution. */
export interface Program {
  /** Types of all values, by id. */
  readonly types: readonly TensorType[];
  /** Fed at each run. */
  readonly inputs: readonly Named[];
  readonly constants: readonly { readonly id: ValueId; readonly data: number | NumberArray }[];
  /** Live in the engine between runs. */
  readonly variables: readonly Named[];
  readonly instructions: readonly Instruction[];
  /** Handed back by each run. */
  readonly outputs: readonly Named[];
  /** When a run ends, `variable` takes over `value`. All values are computed from the old ones. */
  readonly updates: readonly { readonly variable: ValueId; readonly value: ValueId }[];
}

/** Flattens a lowered graph. `names` gives the variables of a model their names. */
export function buildProgram(
  graph: Lowered,
  names: ReadonlyMap<Tensor, string> = new Map(),
): Program {
  const types: TensorType[] = [];
  const ids = new Map<Tensor, ValueId>();
  const idOf = (tensor: Tensor): ValueId => {
    const known = ids.get(tensor);
    if (known !== undefined) return known;
    ids.set(tensor, types.length);
    return types.push({ shape: tensor.shape, dtype: tensor.dtype }) - 1;
  };
  const outputs = Object.entries<Tensor>(graph.outputs);
  const updated = new Set(graph.updates.map((update) => update.variable));
  const roots = [
    ...outputs.map(([, tensor]) => tensor),
    ...graph.updates.flatMap(({ variable, value }) => [variable, value]),
  ];
  const inputs: Named[] = [];
  const constants: { id: ValueId; data: number | NumberArray }[] = [];
  const variables: Named[] = [];
  const instructions: Instruction[] = [];
  const steady = new Set<Tensor>();

  for (const node of topological(roots)) {
    const first = node.outputs[0]!;
    if (isInput(first)) {
      inputs.push({ name: inputName(first), id: idOf(first) });
    } else if (isConstant(first)) {
      constants.push({ id: idOf(first), data: constantData(first) });
      steady.add(first);
    } else if (isVariable(first)) {
      variables.push({ name: variableName(first, names), id: idOf(first) });
      if (!updated.has(first)) steady.add(first);
    } else {
      invariant(node.op.kind === 'primitive', `${node.op.name} was not lowered`);
      const hoisted =
        node.after === undefined &&
        node.inputs.every((tensor) => tensor === undefined || steady.has(tensor));
      if (hoisted) for (const tensor of node.outputs) steady.add(tensor);
      instructions.push({
        op: node.op.name,
        inputs: node.inputs.map((tensor) => tensor && idOf(tensor)),
        outputs: node.outputs.map(idOf),
        attrs: node.attrs,
        path: node.path,
        after: node.after && idOf(node.after),
        flops: node.op.flops!(node.outputs, namedInputs(node.op, node.inputs), node.attrs),
        hoisted,
      });
    }
  }
  checkDistinct('input', inputs);
  checkDistinct('variable', variables);
  return {
    types,
    inputs,
    constants,
    variables,
    instructions,
    outputs: outputs.map(([name, tensor]) => ({ name, id: idOf(tensor) })),
    updates: graph.updates.map(({ variable, value }) => ({
      variable: idOf(variable),
      value: idOf(value),
    })),
  };
}

function variableName(tensor: Tensor, names: ReadonlyMap<Tensor, string>): string {
  const name = names.get(tensor) ?? variableAttrs(tensor).name;
  if (name === undefined) {
    throw new UsageError(
      `a variable of shape [${tensor.shape}] belongs to no model; pass the model whose part it is`,
    );
  }
  return name;
}

function checkDistinct(what: string, list: readonly Named[]): void {
  const names = new Set<string>();
  for (const { name } of list) {
    if (names.has(name)) throw new UsageError(`two ${what}s are called "${name}"; rename one`);
    names.add(name);
  }
}
