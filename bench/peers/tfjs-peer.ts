// TensorFlow.js as a peer: see serve.ts. Its WASM backend has one thread in Node, and cannot train
// convolutions; its CPU backend can.
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import { createRequire } from 'node:module';
import * as tf from '@tensorflow/tfjs-core';
import type { ConvCase } from '../conv-cases.ts';
import { imagesOf, inference, labelsOf, randoms } from '../fovea.ts';
import { type Net, nets } from '../nets.ts';
import type { NodeRequest } from './node-peer.ts';
import { type Prepared, serve } from './serve.ts';
import { toNhwc, translate } from './tfjs-program.ts';

// Made for bundlers: as a module of its own Node cannot resolve what it imports.
createRequire(import.meta.url)('@tensorflow/tfjs-core/dist/register_all_gradients.js');

const SHOWN = 100;

/** Steps that give a tensor each; the latest is kept to be read. */
function preparedOf(compute: () => tf.Tensor): Prepared {
  let latest: tf.Tensor | undefined;
  return {
    step() {
      const next = tf.tidy(compute);
      latest?.dispose();
      latest = next;
    },
    output: async () => [...(await latest!.data()).subarray(0, SHOWN)],
    dispose: () => latest?.dispose(),
  };
}

function conv({ n, c, h, w, o, k, stride, padding }: ConvCase): Prepared {
  const x = tf.tensor(randoms(n * c * h * w), [n, h, w, c]);
  const filter = tf.tensor(randoms(o * c * k * k), [k, k, c, o]);
  const strides = [stride, stride];
  return preparedOf(() =>
    tf.fused.conv2d({ x, filter, strides, pad: padding, dimRoundingMode: 'floor' }),
  );
}

function infer(net: Net): Prepared {
  const { program, values } = inference(net);
  const run = translate(program, values);
  const x = toNhwc(tf.tensor(imagesOf(net), [net.batch, ...net.input]));
  return preparedOf(() => run({ x }).logits!);
}

/** LeNet by hand: gradients are TensorFlow.js's own. */
function trainLenet(net: Net): Prepared {
  const random = (...shape: number[]) => {
    const size = shape.reduce((a, b) => a * b);
    return tf.variable(
      tf.tensor(
        randoms(size).map((value) => 0.2 * (value - 0.5)),
        shape,
      ),
    );
  };
  const layers = [
    [5, 5, 1, 6],
    [5, 5, 6, 16],
    [400, 120],
    [120, 84],
    [84, 10],
  ].map((shape) => ({
    weight: random(...shape),
    bias: random(shape.at(-1)!),
  }));
  const [conv1, conv2, fc1, fc2, fc3] = layers as [Layer, Layer, Layer, Layer, Layer];
  type Layer = (typeof layers)[number];
  const convolve = (x: tf.Tensor, { weight, bias }: Layer, pad: number) =>
    tf.avgPool(tf.sigmoid(tf.add(tf.conv2d(x, weight, 1, pad), bias)), [2, 2], [2, 2], 'valid');
  const linear = (x: tf.Tensor, { weight, bias }: Layer) =>
    tf.add(tf.matMul(x, weight, false, false), bias);
  const x = toNhwc(tf.tensor(imagesOf(net), [net.batch, ...net.input]));
  const labels = tf.oneHot(tf.tensor(labelsOf(net), [net.batch], 'int32'), net.classes);
  const optimizer = tf.train.sgd(0.01);
  const loss = () => {
    const features = tf.reshape(convolve(convolve(x, conv1, 2), conv2, 0), [net.batch, 400]);
    const hidden = tf.sigmoid(linear(tf.sigmoid(linear(features, fc1)), fc2));
    return tf.losses.softmaxCrossEntropy(labels, linear(hidden, fc3));
  };
  return preparedOf(() => {
    const cost = optimizer.minimize(loss, true);
    cost.dataSync();
    return cost;
  });
}

async function prepare({ suite, backend, case: which, batch }: NodeRequest): Promise<Prepared> {
  if (!(await tf.setBackend(backend!))) throw new Error(`there is no backend ${backend}`);
  await tf.ready();
  if (suite === 'conv') return conv(which as ConvCase);
  const net = nets[which as string]!;
  if (suite === 'infer') return infer(net);
  if (which !== 'lenet') throw new Error(`TensorFlow.js is not made to train ${which} here`);
  return trainLenet({ ...net, batch: batch ?? net.batch });
}

await serve(tf.version_core, prepare);
process.exit();
