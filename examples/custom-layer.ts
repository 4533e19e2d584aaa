// A layer of one's own, and a training loop by hand.
//   npx tsx custom-layer.ts [epochs]
import { mul, relu, reshape, sigmoid } from 'fovea';
import { loader } from 'fovea/data';
import {
  batchNorm,
  classification,
  conv,
  flatten,
  globalAvgPool,
  initialize,
  layer,
  linear,
  maxPool,
  parameterCount,
  pipe,
  sequential,
} from 'fovea/nn';
import { loadDataset, selectEngine } from 'fovea/node';
import { adamw, evaluationStep, startingValues, trainStep } from 'fovea/optim';

/** Squeeze-and-excitation (Hu et al. 2018): weighs each channel by what the whole image shows. */
const squeezeExcite = (channels: number, reduction = 4) =>
  layer(
    'squeezeExcite',
    {
      fc1: linear(channels, channels / reduction),
      fc2: linear(channels / reduction, channels),
    },
    (l, x) => {
      const weights = pipe(x, globalAvgPool, flatten, l.fc1, relu, l.fc2, sigmoid);
      return mul(x, reshape(weights, { shape: [x.shape[0]!, channels, 1, 1] }));
    },
  );

const stage = (cin: number, cout: number) =>
  sequential(
    conv(cin, cout, 3, { padding: 1, bias: false }),
    batchNorm(cout),
    relu,
    squeezeExcite(cout),
    maxPool(2),
  );

const net = sequential(stage(1, 16), stage(16, 32), globalAvgPool, flatten, linear(32, 10));
console.log(`${parameterCount(net)} parameters`);

const epochs = Number(process.argv[2] ?? 3);
const batchSize = 50;
const train = await loadDataset('fashion-mnist-sample', 'train');
const test = await loadDataset('fashion-mnist-sample', 'test');
const trainBatches = loader(train, { batchSize, shuffle: true, lastBatch: 'drop' });
const testBatches = loader(test, { batchSize, lastBatch: 'pad' });

// Programs: descriptions of one whole step, with no numbers in them.
const inputs = {
  x: { shape: [batchSize, ...train.shape], dtype: 'float32' },
  y: { shape: [batchSize], dtype: 'int32' },
} as const;
const { loss, metrics, outputs } = classification();
const training = trainStep({ model: net, inputs, loss, metrics, optimizer: adamw() });
const testing = evaluationStep({ model: net, inputs, outputs });

// Executables: compiled for an engine, in which the variables live.
const { engine, reason } = await selectEngine('auto');
console.log(reason);
const start = startingValues(training.variables, initialize(net, { seed: 0 }), 0);
const variables = await engine.createVariables(training.variables, start);
const trainOnce = await engine.compile(training.program, variables);
const testOnce = await engine.compile(testing.program, variables);

for (let epoch = 0; epoch < epochs; epoch++) {
  let right = 0;
  for await (const { images, labels } of trainBatches.epoch(epoch)) {
    const lr = Float32Array.of(0.005 * (1 - epoch / epochs));
    const { correct } = await trainOnce.run({ x: images, y: labels, lr });
    right += correct![0]!;
  }
  let rightInTest = 0;
  for await (const { images, labels, count } of testBatches.epoch(0)) {
    const { correct } = await testOnce.run({ x: images, y: labels });
    // What pads the last batch does not count.
    for (let i = 0; i < count; i++) rightInTest += correct![i]!;
  }
  const [accuracy, testAccuracy] = [right / trainBatches.samples, rightInTest / test.length];
  console.log(
    `epoch ${epoch + 1}: accuracy ${accuracy.toFixed(4)}, test accuracy ${testAccuracy.toFixed(4)}`,
  );
}

await engine[Symbol.asyncDispose]();
