import {
  byteSize,
  input,
  isTensor,
  isVariable,
  type Node,
  namedInputs,
  type Shape,
  sizeOf,
  type Tensor,
  topological,
} from '../graph/index.ts';
import { isTrainable, type Model, namedVariables, parameterCount } from './parameters.ts';
import { type Reach, receptiveFields } from './receptive-field.ts';

export interface SummaryRow {
  /** Keys of the parts that lead to the layer, as in the names of its parameters; '' is the model itself. */
  readonly layer: string;
  /** What it computes, in order: `conv2d + add`. */
  readonly op: string;
  /** Of its output. */
  readonly shape: Shape;
  /** Trainable numbers, counted where they are first used. */
  readonly parameters: number;
  /** Of convolutions and matrix products; everything else is small beside them and is not counted. */
  readonly multiplyAdds: number;
  /** Bytes of its output. */
  readonly activationBytes: number;
  /** What an element of its output depends on; undefined where the input is no image [n, c, h, w]. */
  readonly receptiveField: Reach | undefined;
}

export interface Summary {
  readonly rows: readonly SummaryRow[];
  readonly total: Pick<SummaryRow, 'parameters' | 'multiplyAdds' | 'activationBytes'>;
}

const contractions = ['conv2d', 'conv2dInputGrad', 'matmul'];

/**
 * What the layers of a model do with an input of `shape` [n, ...]: read off the graph, nothing is
 * computed. A layer without layers inside is one row; between layers every op is one.
 *
 * @throws ShapeError when the input does not fit
 */
export function summarize(model: Model, shape: Shape): Summary {
  const all = topological(tensorsIn(model(input('x', shape))));
  const nodes = all.filter(({ op }) => op.kind !== 'leaf');
  const inner = innerPaths(model, nodes);
  const groups: Node[][] = [];
  for (const node of nodes) {
    const open = groups.at(-1);
    const path = keyOf(node);
    if (open !== undefined && keyOf(open[0]!) === path && !inner.has(path)) open.push(node);
    else groups.push([node]);
  }

  const fields = receptiveFields(all);
  const counted = new Set<Tensor>();
  const rows = groups.map((group): SummaryRow => {
    const last = group.at(-1)!;
    const result = last.outputs[0]!;
    const ops = group.map(({ op }) => op.name);
    const named = ops.filter((name) => name !== 'reshape');
    return {
      layer: keyOf(last),
      op: (named.length > 0 ? named : ops).join(' + '),
      shape: result.shape,
      parameters: sum(group, (node) => newParameters(node, counted)),
      multiplyAdds: sum(group, multiplyAdds),
      // A reshape is another view of the same bytes.
      activationBytes: named.length > 0 ? byteSize(result) : 0,
      receptiveField: fields.get(result),
    };
  });
  return {
    rows,
    total: {
      parameters: parameterCount(model),
      multiplyAdds: sum(rows, (row) => row.multiplyAdds),
      activationBytes: sum(rows, (row) => row.activationBytes),
    },
  };
}

/** The first name of a path is the model's own. */
const keyOf = (node: Node): string => node.path.slice(1).join('.');

/** Paths that lead to further layers. */
function innerPaths(model: Model, nodes: readonly Node[]): ReadonlySet<string> {
  const inner = new Set(['']);
  const paths = [
    ...nodes.map((node) => keyOf(node)),
    ...[...namedVariables(model).keys()].map((name) => name.split('.').slice(0, -1).join('.')),
  ];
  for (const path of paths) {
    const keys = path.split('.');
    for (let i = 1; i < keys.length; i++) inner.add(keys.slice(0, i).join('.'));
  }
  return inner;
}

function newParameters(node: Node, counted: Set<Tensor>): number {
  const fresh = node.inputs.filter(
    (x): x is Tensor => x !== undefined && isVariable(x) && isTrainable(x) && !counted.has(x),
  );
  for (const tensor of fresh) counted.add(tensor);
  return sum([...new Set(fresh)], ({ shape }) => sizeOf(shape));
}

function multiplyAdds({ op, outputs, inputs, attrs }: Node): number {
  if (!contractions.includes(op.name)) return 0;
  return op.flops!(outputs, namedInputs(op, inputs), attrs) / 2;
}

/** Every tensor of what a model gives, which may be a record or a list. */
export function tensorsIn(value: unknown): Tensor[] {
  if (isTensor(value)) return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(tensorsIn) : [];
}

const sum = <T>(values: readonly T[], f: (value: T) => number): number =>
  values.reduce((total, value) => total + f(value), 0);
