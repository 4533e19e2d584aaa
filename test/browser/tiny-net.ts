import { type WasmEngine, type WasmOptions, wasmEngine } from '../../src/engines/wasm/index.ts';
import {
  buildProgram,
  constant,
  gradients,
  input,
  optimize,
  randomStream,
  sizeOf,
  variable,
} from '../../src/graph/index.ts';
import * as ops from '../../src/ops/index.ts';

const BATCH = 8;

const weight = (shape: readonly number[], name: string) =>
  variable(shape, { name, trainable: true, initial: 0 });

/** One step of training of a convolution and a dense layer on 12×12 images of 4 classes. */
function trainingStep() {
  const x = input('x', [BATCH, 1, 12, 12]);
  const target = input('target', [BATCH], 'int32');
  const weights = [
    weight([6, 1, 3, 3], 'conv.weight'),
    weight([6], 'conv.bias'),
    weight([4, 216], 'dense.weight'),
    weight([4], 'dense.bias'),
  ] as const;
  const [w1, b1, w2, b2] = weights;
  const conv = ops.conv2d(x, w1, { padding: 1 });
  const hidden = ops.relu(ops.add(conv, ops.reshape(b1, { shape: [6, 1, 1] })));
  const pooled = ops.flatten(ops.maxPool2d(hidden, { kernel: 2 }));
  const logits = ops.add(ops.matmul(pooled, w2, { transposeB: true }), b2);
  const picked = ops.mul(ops.logSoftmax(logits), ops.oneHot(target, { classes: 4 }));
  const loss = ops.mul(ops.sum(picked), -1 / BATCH);
  const grads = gradients(loss, weights);
  return buildProgram(
    optimize({
      outputs: { loss },
      updates: weights.map((w, i) => ({
        variable: w,
        value: ops.sgdUpdate(w, grads[i]!, constant(0.5)),
      })),
    }),
  );
}

/** Losses of some steps on one batch: the same numbers wherever it runs. */
export async function trainTinyNet(options: WasmOptions, steps: number) {
  const engine: WasmEngine = await wasmEngine(options);
  const program = trainingStep();
  const uniform = randomStream([7, 0], 0);
  const numbers = (count: number, scale: number) =>
    Float32Array.from({ length: count }, () => (uniform() * 2 - 1) * scale);
  const types = program.variables.map(({ name, id }) => ({ name, ...program.types[id]! }));
  const variables = await engine.createVariables(
    types,
    Object.fromEntries(types.map(({ name, shape }) => [name, numbers(sizeOf(shape), 0.3)])),
  );
  const executable = await engine.compile(program, variables);
  const feeds = {
    x: numbers(BATCH * 144, 1),
    target: Int32Array.from({ length: BATCH }, (_, i) => i % 4),
  };
  const losses: number[] = [];
  for (let i = 0; i < steps; i++) losses.push((await executable.run(feeds)).loss![0]!);
  const { description } = engine;
  await engine[Symbol.asyncDispose]();
  return { losses, description };
}
