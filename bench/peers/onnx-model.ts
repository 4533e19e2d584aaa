import protobuf from 'protobufjs';
import type { Arrays } from '../../src/engines/engine.ts';
import type { Instruction, NumberArray, Program, ValueId } from '../../src/graph/index.ts';
import type { AttrsOf } from '../../src/ops/primitives.ts';
import { attrsOf } from './attributes.ts';

// The messages of onnx.proto that a model for inference needs, with their own names and numbers.
const field = (id: number, type: string, rule?: 'repeated') => ({
  id,
  type,
  ...(rule && { rule }),
});
const schema = protobuf.Root.fromJSON({
  nested: {
    ModelProto: {
      fields: {
        ir_version: field(1, 'int64'),
        graph: field(7, 'GraphProto'),
        opset_import: field(8, 'OperatorSetIdProto', 'repeated'),
      },
    },
    OperatorSetIdProto: { fields: { domain: field(1, 'string'), version: field(2, 'int64') } },
    GraphProto: {
      fields: {
        node: field(1, 'NodeProto', 'repeated'),
        name: field(2, 'string'),
        initializer: field(5, 'TensorProto', 'repeated'),
        input: field(11, 'ValueInfoProto', 'repeated'),
        output: field(12, 'ValueInfoProto', 'repeated'),
      },
    },
    NodeProto: {
      fields: {
        input: field(1, 'string', 'repeated'),
        output: field(2, 'string', 'repeated'),
        op_type: field(4, 'string'),
        attribute: field(5, 'AttributeProto', 'repeated'),
      },
    },
    AttributeProto: {
      fields: {
        name: field(1, 'string'),
        i: field(3, 'int64'),
        ints: field(8, 'int64', 'repeated'),
        type: field(20, 'int32'),
      },
    },
    TensorProto: {
      fields: {
        dims: field(1, 'int64', 'repeated'),
        data_type: field(2, 'int32'),
        name: field(8, 'string'),
        raw_data: field(9, 'bytes'),
      },
    },
    ValueInfoProto: { fields: { name: field(1, 'string'), type: field(2, 'TypeProto') } },
    TypeProto: { fields: { tensor_type: field(1, 'TensorTypeProto') } },
    TensorTypeProto: {
      fields: { elem_type: field(1, 'int32'), shape: field(2, 'TensorShapeProto') },
    },
    TensorShapeProto: { fields: { dim: field(1, 'Dimension', 'repeated') } },
    Dimension: { fields: { dim_value: field(1, 'int64') } },
  },
});

const IR_VERSION = 8;
const OPSET = 17;
const [FLOAT, INT64] = [1, 7];
/** Types of attributes. */
const [INT, INTS] = [2, 7];

type Numbers = readonly number[];
interface Node {
  readonly op_type: string;
  readonly input: readonly string[];
  readonly output: readonly string[];
  readonly attribute?: readonly object[];
}

const attributes = (values: Readonly<Record<string, number | Numbers>>): object[] =>
  Object.entries(values).map(([name, value]) =>
    typeof value === 'number' ? { name, i: value, type: INT } : { name, ints: value, type: INTS },
  );

const bytesOf = ({ buffer, byteOffset, byteLength }: NumberArray | BigInt64Array) =>
  new Uint8Array(buffer, byteOffset, byteLength);

/** Ops that differ by nothing but their name. */
const SAME = { add: 'Add', sub: 'Sub', mul: 'Mul', relu: 'Relu', sigmoid: 'Sigmoid' } as const;

const windowOf = ({ kernel, stride, padding, ceilMode }: AttrsOf<'maxPool2dWithIndex'>) => ({
  kernel_shape: kernel,
  strides: stride,
  pads: padding,
  ceil_mode: Number(ceilMode),
});

/** A program for inference as an ONNX file. Inputs and outputs keep their names. */
export function onnxModel(program: Program, values: Arrays): Uint8Array {
  const { types, inputs, variables, constants, instructions, outputs } = program;
  const nodes: Node[] = [];
  const initializers: object[] = [];
  const named = new Map<ValueId, string>([...inputs, ...outputs].map(({ name, id }) => [id, name]));
  const nameOf = (id: ValueId): string => named.get(id) ?? `v${id}`;

  function float(id: ValueId, array: NumberArray, shape: Numbers = types[id]!.shape): void {
    const raw_data = bytesOf(Float32Array.from(array));
    initializers.push({ name: nameOf(id), dims: shape, data_type: FLOAT, raw_data });
  }
  function integers(name: string, list: Numbers): string {
    const raw_data = bytesOf(BigInt64Array.from(list.map(BigInt)));
    initializers.push({ name, dims: [list.length], data_type: INT64, raw_data });
    return name;
  }
  function node(
    op_type: string,
    input: readonly string[],
    output: string,
    attrs: Readonly<Record<string, number | Numbers>> = {},
  ): string {
    nodes.push({ op_type, input, output: [output], attribute: attributes(attrs) });
    return output;
  }

  for (const { name, id } of variables) float(id, values[name]!);
  for (const { id, data } of constants) {
    if (typeof data === 'number')
      float(
        id,
        Float32Array.of(data),
        types[id]!.shape.map(() => 1),
      );
    else float(id, data);
  }
  for (const instruction of instructions) translate(instruction);

  function translate(instruction: Instruction): void {
    const { op, inputs: ids, outputs: results } = instruction;
    const [x, y, z] = ids.map((each) => nameOf(each!)) as [string, string, string];
    const out = nameOf(results[0]!);
    switch (op) {
      case 'conv2d': {
        const { stride, padding, dilation, groups } = attrsOf(op, instruction);
        const sizes = { strides: stride, pads: padding, dilations: dilation };
        node('Conv', [x, y], out, { ...sizes, group: groups });
        return;
      }
      case 'maxPool2dWithIndex':
        node('MaxPool', [x], out, windowOf(attrsOf(op, instruction)));
        return;
      case 'avgPool2d': {
        const { countIncludePad, ...window } = attrsOf(op, instruction);
        const count_include_pad = Number(countIncludePad);
        node('AveragePool', [x], out, { ...windowOf(window), count_include_pad });
        return;
      }
      case 'add':
      case 'sub':
      case 'mul':
      case 'relu':
      case 'sigmoid':
        node(SAME[op], op === 'relu' || op === 'sigmoid' ? [x] : [x, y], out);
        return;
      case 'rsqrt':
        node('Reciprocal', [node('Sqrt', [x], `${out}.sqrt`)], out);
        return;
      case 'channelAffine': {
        const rest = types[ids[0]!]!.shape.slice(2).map(() => 1);
        const shape = integers(`${out}.shape`, [-1, ...rest]);
        const scale = node('Reshape', [y, shape], `${out}.scale`);
        const shift = node('Reshape', [z, shape], `${out}.shift`);
        node('Add', [node('Mul', [x, scale], `${out}.scaled`), shift], out);
        return;
      }
      case 'concat': {
        const { axis } = attrsOf(op, instruction);
        node(
          'Concat',
          ids.map((id) => nameOf(id!)),
          out,
          { axis },
        );
        return;
      }
      case 'sum': {
        const { axes, keepDims } = attrsOf(op, instruction);
        const list = integers(`${out}.axes`, axes);
        node('ReduceSum', [x, list], out, { keepdims: Number(keepDims) });
        return;
      }
      case 'reshape':
        node('Reshape', [x, integers(`${out}.shape`, types[results[0]!]!.shape)], out);
        return;
      case 'matmul': {
        const { transposeA, transposeB } = attrsOf(op, instruction);
        const flip = (name: string, wanted: boolean) =>
          wanted ? node('Transpose', [name], `${out}.${name}`, { perm: [1, 0] }) : name;
        node('MatMul', [flip(x, transposeA), flip(y, transposeB)], out);
        return;
      }
      default:
        throw new Error(`${op} is not translated to ONNX`);
    }
  }

  const valueInfo = ({ name, id }: { readonly name: string; readonly id: ValueId }) => {
    const dim = types[id]!.shape.map((dim_value) => ({ dim_value }));
    return { name, type: { tensor_type: { elem_type: FLOAT, shape: { dim } } } };
  };
  const type = schema.lookupType('ModelProto');
  const model = type.fromObject({
    ir_version: IR_VERSION,
    opset_import: [{ domain: '', version: OPSET }],
    graph: {
      name: 'fovea',
      node: nodes,
      initializer: initializers,
      input: inputs.map(valueInfo),
      output: outputs.map(valueInfo),
    },
  });
  return type.encode(model).finish();
}
