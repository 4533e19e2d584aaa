import { isInput, type Node, type Tensor } from '../graph/index.ts';
import type { Pair } from '../ops/index.ts';

/** What one element of a tensor depends on: a window of the image. Pixels, [vertical, horizontal]. */
export interface ReceptiveField {
  readonly size: Pair;
  /** How far apart the windows of neighbouring elements are. */
  readonly stride: Pair;
}

/** `'all'`: the whole image, whatever its size, as after a linear layer or a mean over the image. */
export type Reach = ReceptiveField | 'all';

/** A receptive field with the place where that of the first element starts. */
interface Span extends ReceptiveField {
  readonly start: Pair;
}

/** Numbers of an image in some order: the span of each, and the image's height and width. */
interface Flat {
  readonly span: Span;
  readonly image: Pair;
}

type Known = Span | Flat | 'all';

const each = (f: (axis: 0 | 1) => number): Pair => [f(0), f(1)];
const imageOf = ({ shape }: Tensor): Pair => [shape[2]!, shape[3]!];
const isSpan = (known: Known): known is Span => known !== 'all' && 'start' in known;

/** Normalisations take statistics of the whole image, which is not counted. */
const perElement: ReadonlySet<string> = new Set([
  'batchNorm',
  'channelAffine',
  'dropout',
  'randomDrop',
  'standardize',
]);

/**
 * Receptive fields of the tensors of a graph that depend on an image [n, c, h, w] fed into it: as
 * far as the kernels reach, padding included (Araujo et al. 2019, "Computing receptive fields of
 * convolutional neural networks"). Where paths join, the smallest window that holds those of all.
 *
 * @param nodes each after its inputs
 */
export function receptiveFields(nodes: readonly Node[]): ReadonlyMap<Tensor, Reach> {
  const known = new Map<Tensor, Known>();
  for (const node of nodes) {
    const first = node.outputs[0]!;
    if (node.op.kind === 'leaf') {
      if (isInput(first) && first.shape.length === 4) {
        known.set(first, { start: [0, 0], size: [1, 1], stride: [1, 1] });
      }
      continue;
    }
    const sources = node.inputs.filter((x): x is Tensor => x !== undefined && known.has(x));
    if (sources.length === 0) continue;
    const result = through(node, sources, known);
    for (const output of node.outputs) known.set(output, result);
  }
  return new Map([...known].map(([tensor, value]) => [tensor, reachOf(value)]));
}

function reachOf(value: Known): Reach {
  if (value === 'all') return 'all';
  const { size, stride } = isSpan(value) ? value : value.span;
  return { size, stride };
}

function through(node: Node, sources: readonly Tensor[], known: ReadonlyMap<Tensor, Known>): Known {
  const { op } = node;
  const inputs = sources.map((x) => known.get(x)!);
  const [value, x] = [inputs[0]!, sources[0]!];
  if (inputs.includes('all')) return 'all';
  if (op.name === 'reshape') return reshaped(node, value, x);
  if (op.scalar !== undefined || perElement.has(op.name)) return union(inputs);
  if (!isSpan(value)) return 'all';
  const { axis, axes } = node.attrs as {
    readonly axis?: number;
    readonly axes?: readonly number[];
  };
  if (op.name === 'concat') return axis === 1 ? union(inputs) : 'all';
  if (op.name === 'sum') return axes!.some((each) => each > 1) ? 'all' : value;
  return windowed(node, value) ?? 'all';
}

/** Of an op whose elements see a window of its input. */
function windowed({ op, attrs, inputs }: Node, value: Span): Span | undefined {
  const { start, size, stride } = value;
  const list = attrs as Readonly<Record<string, readonly number[]>>;
  const grown = (
    kernel: (axis: 0 | 1) => number,
    step: (axis: 0 | 1) => number,
    at: Pair,
  ): Span => ({
    start: each((axis) => start[axis] + at[axis] * stride[axis]),
    size: each((axis) => size[axis] + (kernel(axis) - 1) * stride[axis]),
    stride: each((axis) => stride[axis] * step(axis)),
  });
  const one = () => 1;
  switch (op.name) {
    case 'conv2d':
    case 'maxPool2dWithIndex':
    case 'avgPool2d': {
      const kernel = list.kernel ?? inputs[1]!.shape.slice(2);
      const { dilation = [1, 1], padding } = list;
      const reach = (axis: 0 | 1) => dilation[axis]! * (kernel[axis]! - 1) + 1;
      return grown(reach, (axis) => list.stride![axis]!, [-padding![0]!, -padding![1]!]);
    }
    case 'slice':
      return grown(one, (axis) => list.step![axis + 2]!, [list.start![2]!, list.start![3]!]);
    case 'pad':
      return grown(one, one, [-list.before![2]!, -list.before![3]!]);
    default:
      return undefined;
  }
}

/** An image keeps its spans when it is taken apart and put together again, as norms of groups do. */
function reshaped({ outputs }: Node, value: Known, x: Tensor): Known {
  if (value === 'all') return 'all';
  const flat = isSpan(value) ? { span: value, image: imageOf(x) } : value;
  const output = outputs[0]!;
  const whole =
    output.shape.length === 4 && imageOf(output).every((side, axis) => side === flat.image[axis]);
  return whole ? flat.span : flat;
}

function union(values: readonly Known[]): Known {
  const [first, ...rest] = values;
  if (rest.length === 0) return first!;
  if (!values.every(isSpan)) return rest.every((value) => value === first) ? first! : 'all';
  const start = each((axis) => Math.min(...values.map((span) => span.start[axis])));
  const end = each((axis) => Math.max(...values.map((span) => span.start[axis] + span.size[axis])));
  return {
    start,
    size: each((axis) => end[axis] - start[axis]),
    stride: each((axis) => Math.max(...values.map((span) => span.stride[axis]))),
  };
}
