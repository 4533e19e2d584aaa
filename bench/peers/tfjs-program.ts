import * as tf from '@tensorflow/tfjs-core';
import type { Arrays } from '../../src/engines/engine.ts';
import type { Instruction, Program, ValueId } from '../../src/graph/index.ts';
import { attrsOf } from './attributes.ts';

type Tensors = Record<string, tf.Tensor>;

/** Images from [n, c, h, w] to TensorFlow.js's own order of axes. */
export const toNhwc = (x: tf.Tensor): tf.Tensor => tf.transpose(x, [0, 2, 3, 1]);
const toNchw = (x: tf.Tensor): tf.Tensor => tf.transpose(x, [0, 3, 1, 2]);
const toHwio = (w: tf.Tensor): tf.Tensor => tf.transpose(w, [2, 3, 1, 0]);

/** TensorFlow.js takes one number for all sides. */
function padOf(padding: readonly number[]): number {
  if (padding.some((side) => side !== padding[0])) throw new Error(`padding ${padding} is uneven`);
  return padding[0]!;
}

const unary = { rsqrt: tf.rsqrt, relu: tf.relu, sigmoid: tf.sigmoid };
const binary = { add: tf.add, sub: tf.sub, mul: tf.mul };

/** Axes of [n, c, h, w] as they are in [n, h, w, c]. */
const moved = (axis: number): number => [0, 3, 1, 2][axis]!;

/**
 * A program for inference in TensorFlow.js's own ops. Activations of images lie as [n, h, w, c]; what
 * depends on weights only is computed once; a convolution takes its bias and activation with it.
 */
export function translate(
  { types, inputs, variables, constants, instructions, outputs }: Program,
  values: Arrays,
): (feeds: Tensors) => Tensors {
  const steady = new Map<ValueId, tf.Tensor>();
  for (const { name, id } of variables) steady.set(id, tf.tensor(values[name]!, types[id]!.shape));
  for (const { id, data } of constants) {
    steady.set(id, tf.tensor(typeof data === 'number' ? [data] : data, types[id]!.shape));
  }
  const isImage = (id: ValueId): boolean => types[id]!.shape.length === 4 && !steady.has(id);
  const filters = new Map<ValueId, tf.Tensor>();
  const readers = (id: ValueId) => instructions.filter((each) => each.inputs.includes(id));

  /** The instruction that alone reads a value, if it is one of these ops. */
  function onlyReader(id: ValueId, ...ops: readonly string[]): Instruction | undefined {
    const [reader, ...others] = readers(id);
    return reader && others.length === 0 && ops.includes(reader.op) ? reader : undefined;
  }

  /** Numbers per channel, [c, 1, 1] or [c], fit images whose channels come last. */
  const perChannel = (x: tf.Tensor): tf.Tensor => {
    const [c, ...rest] = x.shape;
    return rest.length === 2 && rest.every((size) => size === 1) ? tf.reshape(x, [c!]) : x;
  };

  /** Computes a convolution with what is fused to it, which is added to `done`. */
  function convolve(step: Instruction, at: Map<ValueId, tf.Tensor>, done: Set<Instruction>): void {
    const [x, w] = step.inputs as [ValueId, ValueId];
    const { stride, padding, dilation, groups } = attrsOf('conv2d', step);
    if (groups !== 1) throw new Error('grouped convolutions are not translated');
    const addition = onlyReader(step.outputs[0]!, 'add');
    const bias = addition?.inputs.find((id) => steady.has(id!));
    const biased = bias === undefined ? step : addition!;
    const activation = onlyReader(biased.outputs[0]!, 'relu', 'sigmoid');
    const last = activation ?? biased;
    const y = tf.fused.conv2d({
      x: at.get(x)!,
      filter: filters.get(w)!,
      strides: stride,
      pad: padOf(padding),
      dilations: dilation,
      dimRoundingMode: 'floor',
      bias: bias === undefined ? undefined : perChannel(steady.get(bias)!),
      activation: (activation?.op ?? 'linear') as 'relu' | 'sigmoid' | 'linear',
    });
    at.set(last.outputs[0]!, y);
    done.add(biased).add(last);
  }

  function compute(step: Instruction, at: Map<ValueId, tf.Tensor>): tf.Tensor {
    const ids = step.inputs as readonly ValueId[];
    const [a, b] = ids.map((id) => at.get(id)!) as [tf.Tensor, tf.Tensor];
    const image = isImage(ids[0]!);
    switch (step.op) {
      case 'add':
      case 'sub':
      case 'mul':
        return binary[step.op](a, image ? perChannel(b) : b);
      case 'channelAffine':
        return tf.add(tf.mul(a, b), at.get(ids[2]!)!);
      case 'rsqrt':
      case 'relu':
      case 'sigmoid':
        return unary[step.op](a);
      case 'maxPool2dWithIndex':
      case 'avgPool2d': {
        const { kernel, stride, padding } = attrsOf('avgPool2d', step);
        const pool = step.op === 'avgPool2d' ? tf.avgPool : tf.maxPool;
        return pool(a, kernel, stride, padOf(padding), 'floor');
      }
      case 'concat': {
        const { axis } = attrsOf('concat', step);
        return tf.concat(
          ids.map((id) => at.get(id)!),
          image ? moved(axis) : axis,
        );
      }
      case 'sum': {
        const { axes, keepDims } = attrsOf('sum', step);
        return tf.sum(a, image ? axes.map(moved) : axes, keepDims);
      }
      case 'matmul': {
        const { transposeA, transposeB } = attrsOf('matmul', step);
        return tf.matMul(a, b, transposeA, transposeB);
      }
      case 'reshape':
        return tf.reshape(image ? toNchw(a) : a, types[step.outputs[0]!]!.shape);
      default:
        throw new Error(`${step.op} is not translated to TensorFlow.js`);
    }
  }

  for (const step of instructions.filter(({ hoisted }) => hoisted)) {
    steady.set(step.outputs[0]!, compute(step, steady));
  }
  for (const { op, inputs: ids } of instructions) {
    if (op === 'conv2d') filters.set(ids[1]!, toHwio(steady.get(ids[1]!)!));
  }
  const moving = instructions.filter(({ hoisted }) => !hoisted);
  return (feeds) => {
    const at = new Map(steady);
    for (const { name, id } of inputs) at.set(id, feeds[name]!);
    const done = new Set<Instruction>();
    for (const step of moving) {
      if (done.has(step)) continue;
      if (step.op === 'conv2d') convolve(step, at, done);
      else at.set(step.outputs[0]!, compute(step, at));
    }
    return Object.fromEntries(outputs.map(({ name, id }) => [name, at.get(id)!]));
  };
}
