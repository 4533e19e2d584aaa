import type { Engine } from '../engines/engine.ts';
import {
  gradients,
  type NumberArray,
  normalStream,
  randomStream,
  type Shape,
  seedKey,
  sizeOf,
  type Tensor,
} from '../graph/index.ts';
import { conv, type Layer, layer, linear, namedParameters } from '../nn/index.ts';
import { mul, reshape, sum, transpose } from '../ops/index.ts';
import { compile } from '../train/compile.ts';
import { count } from './options.ts';
import { maps } from './pictures.ts';
import { engineOptions, study } from './study.ts';
import { listed, power } from './words.ts';

/** A dense layer at every pixel: [n, cin, h, w] to [n, cout, h, w]. Keys: weight [cout, cin], bias. */
export const densePerPixel = (cin: number, cout: number) =>
  layer('densePerPixel', { dense: linear(cin, cout) }, (l, x) => {
    const [n, , h, w] = x.shape as [number, number, number, number];
    const pixels = reshape(transpose(x, { axes: [0, 2, 3, 1] }), { shape: [n * h * w, cin] });
    const rows = reshape(l.dense(pixels), { shape: [n, h, w, cout] });
    return transpose(rows, { axes: [0, 3, 1, 2] });
  });

/** What goes into either layer; `dy` weighs the outputs in the loss Σ dy·y. */
export interface Case {
  readonly shape: readonly [n: number, cin: number, h: number, w: number];
  readonly cout: number;
  /** [n, cin, h, w] */
  readonly x: Float32Array;
  /** [cout, cin] */
  readonly weight: Float32Array;
  /** [cout] */
  readonly bias: Float32Array;
  /** [n, cout, h, w] */
  readonly dy: Float32Array;
}

export type Outcome = Readonly<Record<'y' | 'dx' | 'dweight' | 'dbias', NumberArray>>;

/** Output and gradients of a layer. */
export async function compute(
  model: Layer,
  { shape, cout, x, weight, bias, dy }: Case,
  engine: Engine,
): Promise<Outcome> {
  const [n, , h, w] = shape;
  const parameters = [...namedParameters(model)];
  await using compiled = await compile(
    (inputs) => {
      const y = model(inputs.x);
      const wrt: Tensor[] = [inputs.x, ...parameters.map(([, tensor]) => tensor)];
      const [dx, dweight, dbias] = gradients(sum(mul(y, inputs.dy)), wrt);
      return { y, dx: dx!, dweight: dweight!, dbias: dbias! };
    },
    { x: { shape, dtype: 'float32' }, dy: { shape: [n, cout, h, w], dtype: 'float32' } },
    { engine, model, weights: new Map(parameters.map(([name], i) => [name, [weight, bias][i]!])) },
  );
  return (await compiled.run({ x, dy })) as Outcome;
}

export interface Comparison {
  /** Largest absolute difference. */
  readonly difference: number;
  /** Largest difference as a part of what rounding may make of it: up to 1 they are equal. */
  readonly part: number;
}

/**
 * Compares two float32 sums of `terms` products each. Whatever the order of summation, each is within
 * γ·Σ|products| of the true one, with γ = k·u / (1 − k·u) and u = 2⁻²⁴ (Higham 2002, section 3.1).
 *
 * @param magnitudes the sums of the products' absolute values
 */
export function compareSums(
  a: NumberArray,
  b: NumberArray,
  magnitudes: NumberArray,
  terms: number,
): Comparison {
  const ku = (terms + 1) * 2 ** -24;
  const allowed = (2 * ku) / (1 - ku);
  let [difference, part] = [0, 0];
  for (let i = 0; i < a.length; i++) {
    const here = Math.abs(a[i]! - b[i]!);
    // A NaN must not pass.
    if (!(here <= difference)) difference = here;
    const bound = allowed * magnitudes[i]!;
    if (!(here <= part * bound)) part = here / bound;
  }
  return { difference, part };
}

/** Waves of random direction, so that there is something to see, and random weights. */
export function randomCase(shape: Case['shape'], cout: number, seed: number): Case {
  const uniform = randomStream(seedKey(seed), 0);
  const normal = normalStream(uniform);
  const [n, cin, h, w] = shape;
  const normals = (size: Shape) => Float32Array.from({ length: sizeOf(size) }, normal);
  const x = new Float32Array(sizeOf(shape));
  for (let map = 0, at = 0; map < n * cin; map++) {
    const [fy, fx, phase] = [0.3 * normal(), 0.3 * normal(), 2 * Math.PI * uniform()];
    for (let i = 0; i < h; i++) {
      for (let j = 0; j < w; j++) x[at++] = Math.sin(fy * i + fx * j + phase);
    }
  }
  const [weight, bias, dy] = [normals([cout, cin]), normals([cout]), normals([n, cout, h, w])];
  return { shape, cout, x, weight, bias, dy };
}

export const oneByOne = study({
  name: 'one-by-one',
  summary: 'a 1×1 convolution against a dense layer at every pixel, number by number',
  takes: [...engineOptions],
  options: {
    images: count('images', 8, { quick: 2 }),
    size: count('their height and width, in pixels', 32, { quick: 16 }),
    cin: count('channels that go in', 64, { quick: 8 }),
    cout: count('channels that come out', 32, { quick: 4 }),
  },
  async run({ images, size, cin, cout }, { config: { seed }, engine: started }) {
    const given = randomCase([images, cin, size, size], cout, seed);
    const engine = await started();
    const convolved = await compute(conv(cin, cout, 1), given, engine);
    const dense = await compute(densePerPixel(cin, cout), given, engine);
    const { x, weight, bias, dy } = given;
    const positive = { x: x.map(Math.abs), weight: weight.map(Math.abs), bias: bias.map(Math.abs) };
    const magnitudes = await compute(
      densePerPixel(cin, cout),
      { ...given, ...positive, dy: dy.map(Math.abs) },
      engine,
    );
    const pixels = images * size * size;
    const quantities = [
      ['outputs', 'y', cin + 1],
      ['gradient of the inputs', 'dx', cout],
      ['gradient of the weights', 'dweight', pixels],
      ['gradient of the biases', 'dbias', pixels],
    ] as const;
    const rows = quantities.map(([quantity, key, terms]) => ({
      quantity,
      numbers: dense[key].length,
      largest: largest(dense[key]),
      ...compareSums(convolved[key], dense[key], magnitudes[key], terms),
    }));
    const [first, second] = [convolved.y, dense.y].map((y) => y.slice(0, size * size));
    return {
      columns: [
        { key: 'quantity', title: 'compared' },
        { key: 'numbers', title: 'numbers', format: 'count' },
        { key: 'largest', title: 'largest', format: 'power' },
        { key: 'difference', title: 'largest difference', format: 'power' },
        { key: 'part', title: 'of what rounding explains', format: 'share' },
      ],
      rows,
      picture: maps([
        { title: '1×1 convolution', values: first!, width: size },
        { title: 'dense layer at every pixel', values: second!, width: size },
        { title: 'difference', values: first!.map((y, i) => y - second![i]!), width: size },
      ]),
      findings: findings(rows, engine.name),
    };
  },
});

function largest(values: NumberArray): number {
  let most = 0;
  for (const value of values) most = Math.max(most, Math.abs(value));
  return most;
}

function findings(
  rows: readonly ({ readonly quantity: string } & Comparison)[],
  engine: string,
): string[] {
  const text = ({ quantity, difference }: (typeof rows)[number]) =>
    `${quantity} by ${power(difference)}`;
  const different = rows.filter(({ part }) => !(part <= 1));
  if (different.length > 0) {
    return [
      `The two layers are not the same on the engine ${engine}: ${listed(different.map(text))}, more than rounding explains.`,
    ];
  }
  const apart = rows.filter(({ difference }) => difference > 0);
  const part = Math.max(...rows.map((row) => row.part));
  return [
    apart.length === 0
      ? `With the same weights, outputs and gradients of the two layers are the same to the last bit on the engine ${engine}.`
      : `With the same weights, the two layers differ on the engine ${engine} in ${listed(apart.map(text))} at most; rounding of float32 sums explains ${Math.floor(1 / part)} times as much.`,
    'A 1×1 convolution and a dense layer at every pixel are one function, forwards and backwards.',
  ];
}
