import {
  isInput,
  isVariable,
  type Node,
  type Shape,
  sizeOf,
  type Tensor,
  topological,
} from '../../graph/index.ts';

/** What a box stands for, which decides its colour. */
export type Tone = 'conv' | 'pool' | 'dense' | 'norm' | 'other';

/** What is drawn as one box, or as the mark where paths join: an op with what belongs to it. */
export interface Unit {
  /** `3×3 conv, 64`. */
  readonly label: string;
  readonly tone: Tone;
  /** Whether several paths end in it. */
  readonly joins: boolean;
  /** Keys of the parts that lead to it. */
  readonly path: readonly string[];
  /** What follows the op at once: `BN`, `ReLU`. */
  readonly notes: string[];
  /** What it reads, each once. */
  readonly sources: readonly Unit[];
  /** Of what it gives. */
  shape: Shape;
}

/** How a node is drawn: as a box, in small print in the box before it, or not at all. */
type Drawn =
  | { readonly as: 'box'; readonly label: string; readonly tone: Tone }
  | { readonly as: 'note'; readonly label: string }
  | { readonly as: 'nothing' };

const box = (label: string, tone: Tone): Drawn => ({ as: 'box', label, tone });
const note = (label: string): Drawn => ({ as: 'note', label });
const nothing: Drawn = { as: 'nothing' };

const activations: Readonly<Record<string, string>> = {
  relu: 'ReLU',
  relu6: 'ReLU6',
  leakyRelu: 'leaky ReLU',
  elu: 'ELU',
  gelu: 'GELU',
  silu: 'SiLU',
  hardswish: 'hard swish',
  sigmoid: 'sigmoid',
  tanh: 'tanh',
};

const joinLabels: Readonly<Record<string, string>> = { add: '+', mul: '×' };

const sides = ([height, width]: readonly number[]): string => `${height}×${width}`;
const steps = (stride: readonly number[]): string => {
  const [rows, columns] = stride;
  if (rows === 1 && columns === 1) return '';
  return `, stride ${rows === columns ? rows : sides(stride)}`;
};

interface WindowAttrs {
  readonly kernel: readonly number[];
  readonly stride: readonly number[];
  readonly groups: number;
  readonly rate: number;
  readonly step: readonly number[];
}

function convLabel({ op, inputs, outputs, attrs }: Node): string {
  const [x, w] = inputs as readonly [Tensor, Tensor];
  const { stride, groups } = attrs as unknown as WindowAttrs;
  const kernel = sides(w.shape.slice(2));
  const width = outputs[0]!.shape[1]!;
  if (groups > 1 && groups === width && groups === x.shape[1]) {
    return `${kernel} depthwise conv, ${width}${steps(stride)}`;
  }
  const kind = op.name === 'conv2d' ? 'conv' : 'transposed conv';
  return `${kernel} ${kind}, ${width}${steps(stride)}${groups > 1 ? `, ${groups} groups` : ''}`;
}

function poolLabel(kind: string, { inputs, outputs, attrs }: Node): string {
  const { kernel, stride } = attrs as unknown as WindowAttrs;
  const whole = sizeOf(outputs[0]!.shape.slice(2)) === 1;
  if (whole && sides(kernel) === sides(inputs[0]!.shape.slice(2))) return `global ${kind} pool`;
  return `${sides(kernel)} ${kind} pool${steps(stride)}`;
}

/** How a node with one operand that depends on the input is drawn. */
function drawn(node: Node): Drawn {
  const { op, inputs, attrs, outputs } = node;
  const { rate, step } = attrs as unknown as WindowAttrs;
  const activation = activations[op.name];
  if (activation !== undefined) return note(activation);
  switch (op.name) {
    case 'conv2d':
    case 'conv2dInputGrad':
      return box(convLabel(node), 'conv');
    case 'matmul': {
      const hasWeights = inputs.some((x) => x !== undefined && isVariable(x));
      // What else is multiplied with averages over windows of unequal size.
      if (!hasWeights) return box('adaptive average pool', 'pool');
      return box(`dense, ${outputs[0]!.shape.at(-1)}`, 'dense');
    }
    case 'maxPool2dWithIndex':
      return box(poolLabel('max', node), 'pool');
    case 'avgPool2d':
      return box(poolLabel('average', node), 'pool');
    case 'sum':
      return box('global average pool', 'pool');
    case 'batchNorm':
      return note('BN');
    case 'standardize':
      return note('norm');
    case 'dropout':
      return rate === 0 ? nothing : note(`dropout ${rate}`);
    case 'slice':
      return box(step.some((each) => each > 1) ? `sample${steps(step.slice(2))}` : 'crop', 'other');
    case 'pad':
      return box(
        outputs[0]!.shape[1] === inputs[0]!.shape[1] ? 'zeros around' : 'zero channels',
        'other',
      );
    // Biases, scales and other shapes of the same numbers.
    case 'add':
    case 'mul':
    case 'reshape':
    case 'channelAffine':
      return nothing;
    default:
      return box(op.name, 'other');
  }
}

/** The units of a graph that depend on its input, in order; the first one is the input. */
export function unitsOf(results: readonly Tensor[]): Unit[] {
  const nodes = topological(results);
  const units: Unit[] = [];
  const unitOf = new Map<Tensor, Unit>();
  const readers = readerCounts(nodes);
  const add = (node: Node, unit: Omit<Unit, 'path' | 'notes' | 'shape'>): void => {
    const { shape } = node.outputs[0]!;
    const full = { ...unit, path: node.path.slice(1), notes: [], shape };
    units.push(full);
    for (const output of node.outputs) unitOf.set(output, full);
  };
  for (const node of nodes) {
    const first = node.outputs[0]!;
    if (node.op.kind === 'leaf') {
      if (isInput(first)) {
        add(node, { label: 'input', tone: 'other', joins: false, sources: [] });
      }
      continue;
    }
    const operands = node.inputs.filter((x): x is Tensor => x !== undefined && unitOf.has(x));
    const sources = [...new Set(operands.map((x) => unitOf.get(x)!))];
    const [source] = sources;
    if (source === undefined) continue;
    if (sources.length > 1) {
      const label = joinLabels[node.op.name] ?? node.op.name;
      add(node, { label, tone: 'other', joins: true, sources });
      continue;
    }
    const how = drawn(node);
    const alone = operands.every((x) => readers.get(x) === 1);
    const isSame = how.as === 'box' && how.label === source.label && how.tone === 'pool';
    if (how.as === 'nothing' || (isSame && String(source.path) === String(node.path.slice(1)))) {
      source.shape = first.shape;
      for (const output of node.outputs) unitOf.set(output, source);
    } else if (how.as === 'note' && alone && takesNotes(source)) {
      source.notes.push(how.label);
      for (const output of node.outputs) unitOf.set(output, source);
    } else {
      const tone = how.as === 'note' ? 'norm' : how.tone;
      add(node, { label: how.label, tone, joins: false, sources });
    }
  }
  return units;
}

const takesNotes = ({ tone, joins }: Unit): boolean =>
  !joins && (tone === 'conv' || tone === 'dense' || tone === 'norm');

/** By how many nodes each tensor is read. */
function readerCounts(nodes: readonly Node[]): ReadonlyMap<Tensor, number> {
  const counts = new Map<Tensor, number>();
  for (const { inputs } of nodes) {
    for (const x of new Set(inputs)) {
      if (x !== undefined) counts.set(x, (counts.get(x) ?? 0) + 1);
    }
  }
  return counts;
}
