import type { Arrays, Engine, Executable, Variables } from '../engines/engine.ts';
import {
  buildProgram,
  input,
  isVariable,
  lower,
  type Mode,
  type NumberArray,
  optimize,
  sizeOf,
  type Tensor,
  type TensorType,
  topological,
  UsageError,
  variableAttrs,
} from '../graph/index.ts';
import { type Model, namedVariables, newArray } from '../nn/index.ts';

export interface CompileOptions {
  readonly engine: Engine;
  /** Whether batch statistics and dropout are in force; `'infer'` by default. */
  readonly mode?: Mode;
  /** The network whose parameters the function uses. */
  readonly model?: Model;
  /** Their values by name, as `initialize` gives them or a checkpoint holds them. */
  readonly weights?: ReadonlyMap<string, NumberArray>;
}

/** An executable with the variables that were made for it. */
export interface Compiled extends Executable {
  readonly variables: Variables;
}

/**
 * Turns a function of tensors into something that can be run again and again.
 *
 * @param inputs shapes and dtypes of what each run is fed with, by name
 * @throws UsageError when a parameter has no value
 */
export async function compile<I extends string, O extends string>(
  body: (inputs: Record<I, Tensor>) => Record<O, Tensor>,
  inputs: Readonly<Record<I, TensorType>>,
  { engine, mode = 'infer', model, weights = new Map() }: CompileOptions,
): Promise<Compiled> {
  const tensors = Object.fromEntries(
    Object.entries<TensorType>(inputs).map(([name, { shape, dtype }]) => [
      name,
      input(name, shape, dtype),
    ]),
  ) as Record<I, Tensor>;
  const names = new Map([...namedVariables(model ?? ((x) => x))].map(([name, t]) => [t, name]));
  const graph = optimize(lower(body(tensors), mode));
  const program = buildProgram(graph, names);
  const types = program.variables.map(({ name, id }) => ({ name, ...program.types[id]! }));
  const initial = new Map<string, number>();
  for (const node of topological(Object.values<Tensor>(graph.outputs))) {
    const { name, initial: value } = isVariable(node.outputs[0]!)
      ? variableAttrs(node.outputs[0]!)
      : {};
    if (name !== undefined && typeof value === 'number') initial.set(name, value);
  }
  const values: Record<string, NumberArray> = {};
  for (const { name, shape, dtype } of types) {
    const start = initial.get(name);
    const value =
      weights.get(name) ??
      (start === undefined ? undefined : newArray(dtype, sizeOf(shape)).fill(start));
    if (value === undefined) {
      throw new UsageError(`compile: "${name}" has no value; pass weights: initialize(model, …)`);
    }
    values[name] = value;
  }
  const variables = await engine.createVariables(types, values);
  const executable = await engine.compile(program, variables).catch(async (error: unknown) => {
    await variables[Symbol.asyncDispose]();
    throw error;
  });
  return {
    variables,
    explain: executable.explain,
    run: (feeds) => executable.run(feeds),
    profile: (feeds) => executable.profile(feeds),
    async [Symbol.asyncDispose]() {
      await executable[Symbol.asyncDispose]();
      await variables[Symbol.asyncDispose]();
    },
  };
}

/** The numbers of some tensors, computed once. `feeds` gives the inputs they depend on. */
export async function evaluate<O extends string>(
  tensors: Readonly<Record<O, Tensor>>,
  { feeds = {}, ...options }: CompileOptions & { readonly feeds?: Arrays },
): Promise<Record<O, NumberArray>> {
  await using compiled = await compile(() => tensors, {}, options);
  return (await compiled.run(feeds)) as Record<O, NumberArray>;
}
