import { DTypeError } from './errors.ts';
import { constant } from './leaves.ts';
import type { LoweringContext } from './lower.ts';
import { currentScope } from './scope.ts';
import { shapeError } from './shapes.ts';
import {
  type Attrs,
  createNode,
  type DType,
  isTensor,
  type Shape,
  type Tensor,
  type TensorLike,
  type TensorType,
} from './tensor.ts';

/** Marks an attribute that has no default. */
export interface Required<T> {
  readonly required: true;
  readonly type?: T;
}
export const required = <T>(): Required<T> => ({ required: true });

type AttrType<D> = D extends Required<infer T> ? T : D;
/** Every attribute with its full type. */
export type Full<D> = { readonly [K in keyof D]: AttrType<D[K]> };
type RequiredKeys<D> = { [K in keyof D]: D[K] extends Required<unknown> ? K : never }[keyof D];
/** What a caller writes: attributes with defaults may be left out. */
export type CallAttrs<D> = { readonly [K in RequiredKeys<D>]: AttrType<D[K]> } & {
  readonly [K in Exclude<keyof D, RequiredKeys<D>>]?: AttrType<D[K]> | undefined;
};

// Input names carry their kind: 'x' is needed, 'bias?' may be left out, 'xs...' is a list.
type BaseName<N extends string> = N extends `${infer B}?` ? B : N extends `${infer B}...` ? B : N;
type InputValue<N extends string, T> = N extends `${string}?`
  ? T | undefined
  : N extends `${string}...`
    ? readonly T[]
    : T;
export type Inputs<I extends readonly string[], T = Tensor> = {
  readonly [N in I[number] as BaseName<N>]: InputValue<N, T>;
};
type CallInputs<I extends readonly string[]> = {
  [K in keyof I]: InputValue<I[K], TensorLike>;
};

/** One tensor when the op has one output, a record by name when it declares several. */
export type Outputs<O extends string, T = Tensor> = [O] extends [never]
  ? T
  : { readonly [K in O]: T };
type OutputGrads<O extends string> = [O] extends [never]
  ? Tensor
  : { readonly [K in O]: Tensor | undefined };
/** Gradients by input name. An input left out has no gradient (it is an index, or not needed). */
export type Grads<N extends string> = {
  readonly [K in N]?: Tensor | readonly Tensor[] | undefined;
};

/** Inputs of a conformance case: a shape of uniform numbers, or a description of them. */
export type SampleInput =
  | Shape
  | { readonly shape: Shape; readonly dtype?: DType; readonly low?: number; readonly high?: number }
  | undefined;
export interface Sample<D> {
  readonly inputs: readonly SampleInput[];
  readonly attrs?: CallAttrs<D>;
}

interface Declaration<N extends string, I extends readonly string[], D, A, O extends string> {
  readonly name: N;
  /** One sentence with axis letters. */
  readonly doc: string;
  readonly inputs: I;
  /** Output names, when there are several. */
  readonly outputs?: readonly O[];
  /** Attributes and their defaults; `required()` where there is none. */
  readonly defaults: D;
  /** From what callers may write to the one form that kernels see. */
  readonly canonical?: (attrs: Full<D>, inputs: Inputs<I>) => A;
  readonly samples: readonly Sample<D>[];
  /** Floating-point operations of one run. */
  readonly flops: (outputs: readonly TensorType[], inputs: Inputs<I>, attrs: A) => number;
}

export type ScalarFunction = (...args: number[]) => number;

/** An op that engines have a kernel for. */
export interface PrimitiveDeclaration<
  N extends string,
  I extends readonly string[],
  D,
  A,
  O extends string,
> extends Declaration<N, I, D, A, O> {
  readonly infer: (inputs: Inputs<I>, attrs: A) => Outputs<NoInfer<O>, TensorType>;
  /**
   * Vector-Jacobian product. 'zero': the derivative is zero almost everywhere (comparisons,
   * indices). 'none': no derivative is offered, and asking for one is an error.
   */
  readonly vjp:
    | 'zero'
    | 'none'
    | ((
        inputs: Inputs<I>,
        attrs: A,
        outputs: Outputs<NoInfer<O>>,
        grads: OutputGrads<NoInfer<O>>,
      ) => Grads<BaseName<I[number]>>);
  /** The function of one element, for element-wise ops; inputs broadcast. */
  readonly scalar?: (attrs: A) => ScalarFunction;
  /** May write its first output over an input of the same type: element i depends on elements i. */
  readonly inPlace?: boolean;
  /**
   * A cheaper equivalent, where there is one: `uses` tells how often a tensor is read in the whole
   * graph, for rewrites that pay only when nobody else needs the intermediate value.
   */
  readonly simplify?: (
    inputs: Inputs<I>,
    attrs: A,
    uses: (tensor: Tensor) => number,
  ) => Tensor | undefined;
}

/** An op that lowering replaces by primitives, knowing the mode. */
export interface CompositeDeclaration<
  N extends string,
  I extends readonly string[],
  D,
  A,
  O extends string,
> extends Omit<Declaration<N, I, D, A, O>, 'flops'> {
  readonly infer: (inputs: Inputs<I>, attrs: A) => Outputs<NoInfer<O>, TensorType>;
  readonly expand: (inputs: Inputs<I>, attrs: A, context: LoweringContext) => Outputs<NoInfer<O>>;
}

/** Any op, with its types forgotten: what graph passes work with. */
export interface Op {
  readonly name: string;
  readonly doc: string;
  readonly inputs: readonly string[];
  readonly outputs?: readonly string[];
  readonly defaults: object;
  readonly samples: readonly { readonly inputs: readonly SampleInput[]; readonly attrs?: object }[];
  readonly kind: 'leaf' | 'primitive' | 'composite';
  readonly apply: (inputs: readonly (Tensor | undefined)[], attrs: Attrs) => readonly Tensor[];
  readonly vjp?: 'zero' | 'none' | AnyVjp;
  readonly scalar?: (attrs: Attrs) => ScalarFunction;
  readonly inPlace?: boolean;
  readonly simplify?: (
    inputs: Record<string, unknown>,
    attrs: Attrs,
    uses: (tensor: Tensor) => number,
  ) => Tensor | undefined;
  readonly flops?: (
    outputs: readonly TensorType[],
    inputs: Record<string, unknown>,
    attrs: Attrs,
  ) => number;
  readonly expand?: (
    inputs: Record<string, unknown>,
    attrs: Attrs,
    context: LoweringContext,
  ) => Tensor | Record<string, Tensor>;
}
type AnyVjp = (
  inputs: Record<string, unknown>,
  attrs: Attrs,
  outputs: unknown,
  grads: unknown,
) => Record<string, Tensor | readonly Tensor[] | undefined>;

type OpFunction<I extends readonly string[], D, O extends string> = [RequiredKeys<D>] extends [
  never,
]
  ? (...args: [...inputs: CallInputs<I>, attrs?: CallAttrs<D>]) => Outputs<O>
  : (...args: [...inputs: CallInputs<I>, attrs: CallAttrs<D>]) => Outputs<O>;

type Typed<I extends readonly string[], D, A, O extends string> = OpFunction<I, D, O> &
  Omit<Op, 'name' | 'kind'> & { readonly types?: { inputs: I; attrs: A; outputs: O } };
/** A primitive: the function that users call, and its declaration. */
export type Primitive<
  N extends string,
  I extends readonly string[],
  D,
  A,
  O extends string,
> = Typed<I, D, A, O> & { readonly name: N; readonly kind: 'primitive' };
export type Composite<
  N extends string,
  I extends readonly string[],
  D,
  A,
  O extends string,
> = Typed<I, D, A, O> & { readonly name: N; readonly kind: 'composite' };

export const baseName = (input: string): string => input.replace(/(\?|\.\.\.)$/, '');
const isList = (op: { readonly inputs: readonly string[] }) => op.inputs[0]?.endsWith('...');

/** Inputs by name, as declarations take them. */
export function namedInputs<T>(
  op: Pick<Op, 'inputs'>,
  list: readonly T[],
): Record<string, unknown> {
  if (isList(op)) return { [baseName(op.inputs[0]!)]: list };
  return Object.fromEntries(op.inputs.map((name, i) => [baseName(name), list[i]]));
}

/** One output as itself, several as a record by name. */
export const namedOutputs = (op: Pick<Op, 'outputs'>, list: readonly Tensor[]): unknown =>
  op.outputs === undefined
    ? list[0]
    : Object.fromEntries(op.outputs.map((name, i) => [name, list[i]]));

/** The inverse of `namedOutputs`. */
export const listOutputs = <T>(op: Pick<Op, 'outputs'>, outputs: unknown): T[] =>
  op.outputs === undefined
    ? [outputs as T]
    : op.outputs.map((name) => (outputs as Record<string, T>)[name]!);

function toTensors(
  name: string,
  args: readonly (TensorLike | undefined)[],
): (Tensor | undefined)[] {
  // A condition says nothing about what it chooses from.
  const isOperand = (arg: unknown) => isTensor(arg) && arg.dtype !== 'bool';
  const dtype = ((args.find(isOperand) ?? args.find(isTensor)) as Tensor)?.dtype ?? 'float32';
  return args.map((arg, i) => {
    if (arg === undefined || isTensor(arg)) return arg;
    if (typeof arg === 'number') {
      if (dtype !== 'float32' && dtype !== 'bfloat16' && !Number.isInteger(arg)) {
        throw new DTypeError(`${name}: ${arg} does not fit the ${dtype} operand; cast that first`);
      }
      return constant(arg, [], dtype);
    }
    throw shapeError(name, `input ${i} must be a tensor or a number`, { got: typeof arg });
  });
}

function checkAttrs(op: { name: string; defaults: object }, attrs: object): void {
  for (const key of Object.keys(attrs)) {
    if (!(key in op.defaults)) {
      const known = Object.keys(op.defaults).join(', ') || 'none';
      throw shapeError(op.name, `there is no attribute "${key}"; it has: ${known}`);
    }
  }
  for (const [key, value] of Object.entries(op.defaults)) {
    const needed = typeof value === 'object' && value !== null && 'required' in value;
    if (needed && (attrs as Attrs)[key] === undefined) {
      throw shapeError(op.name, `attribute "${key}" is needed`);
    }
  }
}

// biome-ignore lint/suspicious/noExplicitAny: a declaration's own types are checked where it is written
type AnyDeclaration = any;

function makeOp(declaration: AnyDeclaration, kind: 'primitive' | 'composite'): AnyDeclaration {
  const { name, inputs: inputNames, defaults, canonical, infer } = declaration;
  const needed = inputNames.filter((input: string) => !input.endsWith('?')).length;

  const apply = (inputs: readonly (Tensor | undefined)[], attrs: Attrs): readonly Tensor[] => {
    const types = listOutputs<TensorType>(declaration, infer(namedInputs(op, inputs), attrs));
    return createNode(op, inputs, attrs, types, currentScope()).outputs;
  };
  const call = (...args: unknown[]): unknown => {
    if (args.length > inputNames.length && args.at(-1) === undefined) args.pop();
    const last = args.at(-1);
    const hasAttrs =
      args.length > needed && typeof last === 'object' && !isTensor(last) && !Array.isArray(last);
    const given = hasAttrs ? Object.fromEntries(definedEntries(args.pop() as object)) : {};
    const list = isList(declaration) ? (args[0] as TensorLike[]) : (args as TensorLike[]);
    if (args.length > inputNames.length || list.length < (isList(declaration) ? 1 : needed)) {
      throw shapeError(name, `takes ${inputNames.join(', ')}`, { count: list.length });
    }
    checkAttrs(declaration, given);
    const tensors = toTensors(name, list);
    if (!isList(declaration)) while (tensors.length < inputNames.length) tensors.push(undefined);
    const full = { ...defaults, ...given };
    const attrs = canonical ? canonical(full, namedInputs(declaration, tensors)) : full;
    return namedOutputs(declaration, apply(tensors, attrs));
  };
  const op: AnyDeclaration = Object.assign(call, omitName(declaration), { kind, apply });
  Object.defineProperty(op, 'name', { value: name });
  return op;
}

const definedEntries = (attrs: object) =>
  Object.entries(attrs).filter(([, value]) => value !== undefined);
const omitName = ({ name: _, ...rest }: AnyDeclaration) => rest;

/** Declares a primitive op. The result is the function that users call. */
export function defineOp<
  const N extends string,
  const I extends readonly string[],
  D extends object,
  A = Full<D>,
  const O extends string = never,
>(declaration: PrimitiveDeclaration<N, I, D, A, O>): Primitive<N, I, D, A, O> {
  return makeOp(declaration, 'primitive');
}

/** Declares an op that expands into primitives when the graph is lowered for a mode. */
export function defineComposite<
  const N extends string,
  const I extends readonly string[],
  D extends object,
  A = Full<D>,
  const O extends string = never,
>(declaration: CompositeDeclaration<N, I, D, A, O>): Composite<N, I, D, A, O> {
  return makeOp(declaration, 'composite');
}
