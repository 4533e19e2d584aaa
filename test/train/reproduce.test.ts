import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { model } from '../../src/models/index.ts';
import { parameterCount } from '../../src/nn/index.ts';
import { type BookRecipe, bookRecipe, bookRecipes } from '../../src/train/book.ts';
import { resolveConfig } from '../../src/train/config.ts';
import { reproduce } from '../../src/train/node.ts';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'fovea-reproduce-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

/** The book's own counts of parameters. */
const parameters: Readonly<Record<string, number>> = {
  lenet: 61_706,
  batchnorm: 44_878,
  alexnet: 46_764_746,
  vgg: 43_093_322,
  nin: 1_992_166,
  googlenet: 5_977_530,
  resnet: 11_178_378,
  densenet: 758_226,
};

const tiny = {
  data: 'fashion-mnist-sample',
  subset: 3,
  batch: 10,
  epochs: 2,
  engine: 'reference',
} as const;

const recipe = (lr: number): BookRecipe => ({
  ...bookRecipe('lenet'),
  options: { model: 'mlp', modelOptions: { hidden: 8 }, ...tiny, lr },
});

describe('recipes of the book', () => {
  it.each(bookRecipes)('$name is complete, and its network has the size of the book', (row) => {
    const config = resolveConfig(row.options);
    const net = model(config.model, {
      classes: 10,
      channels: 1,
      size: config.size ?? 28,
      ...config.modelOptions,
    });
    expect(parameterCount(net)).toBe(parameters[row.name]);
    const [low, high] = row.book.band;
    expect(low).toBeLessThan(row.book.median);
    expect(high).toBeGreaterThan(row.book.median);
    expect(() => resolveConfig(row.options, row.quick)).not.toThrow();
  });
});

describe('reproduce', () => {
  it('trains with the seed that was asked for', async () => {
    const overrides = { out: join(root, 'a'), seed: 3 };
    const { result, seed, failed } = await reproduce({ recipe: recipe(0.1), overrides });
    expect([seed, failed]).toEqual([3, []]);
    expect(result.epochs).toBe(2);
    expect(result.diverged).toBeUndefined();
  });

  it('begins again with other seeds when training diverges, as often as allowed', async () => {
    const restarted: number[][] = [];
    const { result, seed, failed } = await reproduce({
      recipe: recipe(1e30),
      restarts: 2,
      overrides: { out: join(root, 'b'), seed: 7 },
      onRestart: (_, from, to) => restarted.push([from, to]),
    });
    expect(restarted).toEqual([
      [7, 1007],
      [1007, 2007],
    ]);
    expect(failed.map((one) => one.seed)).toEqual([7, 1007]);
    expect(seed).toBe(2007);
    expect(result.diverged).toBe('not-finite');
    expect(await readdir(join(root, 'b'))).toContain('last.safetensors');
  });
});
