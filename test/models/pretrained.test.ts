// Real weights in ../shared/data, where they are there: loaded by key, with no mapping.

import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Engine } from '../../src/engines/engine.ts';
import { wasmEngine } from '../../src/engines/wasm/index.ts';
import type { NumberArray } from '../../src/graph/index.ts';
import { readSafetensors } from '../../src/interchange/safetensors.ts';
import { model } from '../../src/models/index.ts';
import { type Layer, namedVariables } from '../../src/nn/index.ts';
import { evaluationStep, startingValues } from '../../src/optim/index.ts';

const data = (path: string) =>
  fileURLToPath(new URL(`../../../shared/data/${path}`, import.meta.url));
const there = ['photos', 'pretrained', 'cifar10'].every((name) => existsSync(data(name)));
if (!there) console.log(`skipped: ${data('')} has no photos, pretrained or cifar10`);

const imagenet = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };
const half = { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] };

/** A checkpoint for a net. Only counters of batches may be missing, or have one element for a scalar. */
function load(net: Layer, file: string): Map<string, NumberArray> {
  const { arrays } = readSafetensors(readFileSync(data(file)), file);
  const variables = namedVariables(net);
  expect(Object.keys(arrays).filter((key) => !variables.has(key))).toEqual([]);
  return new Map(
    [...variables].map(([key, { shape }]) => {
      if (key.endsWith('num_batches_tracked')) return [key, new Int32Array(1)];
      expect(arrays[key]?.shape, key).toEqual(shape);
      return [key, arrays[key]!.data];
    }),
  );
}

async function logitsOf(
  engine: Engine,
  net: Layer,
  weights: ReadonlyMap<string, NumberArray>,
  [n, ...image]: readonly [number, ...number[]],
  batches: Iterable<Float32Array> | AsyncIterable<Float32Array>,
): Promise<number[][]> {
  const { program, variables } = evaluationStep({
    model: net,
    inputs: { x: { shape: [n, ...image], dtype: 'float32' } },
    outputs: (logits) => ({ logits }),
  });
  await using store = await engine.createVariables(
    variables,
    startingValues(variables, weights, 0),
  );
  await using executable = await engine.compile(program, store);
  const rows: number[][] = [];
  for await (const x of batches) {
    const logits = [...(await executable.run({ x })).logits!];
    for (let i = 0; i < n; i++)
      rows.push(logits.slice((i * logits.length) / n, ((i + 1) * logits.length) / n));
  }
  return rows;
}

const normalize = (pixel: number, channel: number, { mean, std }: typeof imagenet): number =>
  (pixel / 255 - mean[channel]!) / std[channel]!;

async function* photographs(norm: typeof imagenet): AsyncIterable<Float32Array> {
  const { order } = JSON.parse(readFileSync(data('photos/expected.json'), 'utf8'));
  for (const name of order) {
    const file = data(`photos/crop224/${name}.png`);
    const pixels = await sharp(file).removeAlpha().toColourspace('srgb').raw().toBuffer();
    const plane = 224 * 224;
    yield Float32Array.from({ length: 3 * plane }, (_, i) => {
      const channel = Math.floor(i / plane);
      return normalize(pixels[3 * (i % plane) + channel]!, channel, norm);
    });
  }
}

const largest = (row: readonly number[]): number => row.indexOf(Math.max(...row));

describe.skipIf(!there)('published weights', () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await wasmEngine({ threads: 2 });
  });
  afterAll(() => engine?.[Symbol.asyncDispose]());

  it.each([
    ['squeezenet1_1', 'squeezenet1_1-ncnn-fp16', imagenet],
    ['squeezenet1_0', 'squeezenet1_0-deepcompression', imagenet],
    ['mobilenet_v2', 'mobilenet_v2-coral-qat-dequant', half],
  ])('%s gives the logits of the photographs', async (name, file, norm) => {
    const net = model(name);
    const weights = load(net, `pretrained/${file}.safetensors`);
    const rows = await logitsOf(engine, net, weights, [1, 3, 224, 224], photographs(norm));

    const bytes = readFileSync(data(`photos/logits-${file}-20x1000-f32.bin`));
    const wanted = new Float32Array(new Uint8Array(bytes).buffer);
    const scale = Math.max(...wanted.map(Math.abs));
    expect(rows.length * 1000).toBe(wanted.length);
    let worst = 0;
    for (const [i, row] of rows.entries()) {
      const expected = [...wanted.subarray(1000 * i, 1000 * (i + 1))];
      for (const [j, value] of expected.entries())
        worst = Math.max(worst, Math.abs(value - row[j]!));
      expect(largest(row)).toBe(largest(expected));
    }
    // Relative to the largest logit; float32 sums are added in another order.
    expect(worst / scale).toBeLessThan(1e-5);
  });

  it('resnet20 is right about 2,000 images of CIFAR-10 as often as in PyTorch', async () => {
    const net = model('resnet20');
    const weights = load(net, 'pretrained/cifar10-resnet20.safetensors');
    const records = readFileSync(data('cifar10/test_batch.bin'));
    const [count, batch, size] = [2000, 100, 3 * 32 * 32];
    const record = (i: number) => records.subarray(i * (size + 1), (i + 1) * (size + 1));
    function* batches() {
      for (let at = 0; at < count; at += batch) {
        yield Float32Array.from({ length: batch * size }, (_, i) => {
          const place = i % size;
          const pixel = record(at + Math.floor(i / size))[1 + place]!;
          return normalize(pixel, Math.floor(place / 1024), imagenet);
        });
      }
    }
    const rows = await logitsOf(engine, net, weights, [batch, 3, 32, 32], batches());
    const right = rows.filter((row, i) => largest(row) === record(i)[0]).length;
    // PyTorch counts 1,829 of these, and 9,173 of all 10,000.
    expect(Math.abs(right - 1829)).toBeLessThanOrEqual(1);
  });
});
