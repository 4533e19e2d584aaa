import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type OpenedData, openData } from '../../src/data/node.ts';
import { resolveConfig, type TrainOptions } from '../../src/train/index.ts';
import { splitSamples } from '../../src/train/node/data.ts';
import { loadCheckpoint } from '../../src/train/node/run-folder.ts';
import { evaluate, predict, resume, train } from '../../src/train/node.ts';
import { pictureBytes, temporaryFolder, writeTree } from '../data/pictures.ts';

let root: string;
let data: string;
beforeAll(async () => {
  root = await temporaryFolder();
  data = join(root, 'pictures');
  for (let i = 0; i < 24; i++) {
    // The two classes differ in their pattern.
    const bytes = await pictureBytes(i % 2 === 0 ? 0 : 3, 'png', [40 + i, 60]);
    await writeTree(data, { [`${i % 2 === 0 ? 'wide' : 'narrow'}/${i}.png`]: bytes });
  }
});
afterAll(() => rm(root, { recursive: true }));

const options = (more: TrainOptions = {}): TrainOptions => ({
  ...{ data, model: 'mlp', modelOptions: { hidden: 8 }, size: 16, epochs: 2, batch: 8, lr: 0.02 },
  ...{ engine: 'wasm', threads: 1, workers: 0 },
  ...more,
});

describe('training on photographs', () => {
  it('holds some out, remembers how it prepared them, and tests and predicts in the same way', async () => {
    const out = join(root, 'run');
    const notices: string[] = [];
    const result = await train(options({ out }), {
      onNotice: ({ text }) => notices.push(text),
    });
    expect(result.epochs).toBe(2);
    expect(notices).toContain('4 of 24 images are held out for testing (20 % of each class)');
    expect(notices.join('\n')).toMatch(/cropped and mirrored at random \(crop, flip\)/);
    const { info } = await loadCheckpoint(out, 'best');
    expect(info.preprocessing).toEqual({
      shape: [3, 16, 16],
      fit: { mode: 'crop', shorterSide: 18 },
      normalization: { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
    });
    expect(info.config.augment).toBe('crop, flip');
    const tested = await evaluate({ run: out, engine: 'wasm' });
    expect(tested.count).toBe(4);
    expect(tested.accuracy).toBe(info.best!.testAccuracy);
    expect((await evaluate({ run: out, engine: 'wasm', split: 'train' })).count).toBe(20);

    // One picture at a time, as testing saw them all together.
    const opened: OpenedData = await openData(data);
    const { test } = await splitSamples(opened, info.config);
    const paths = (test as unknown as { paths: string[] }).paths.map((path) => join(data, path));
    const answers = await predict({ run: out, images: paths, engine: 'wasm', top: 1 });
    const right = answers.filter(([best], i) => best!.label === test.labels[i]).length;
    expect(right / 4).toBe(tested.accuracy);
  });

  it('goes on exactly where it stopped, and refuses to move images between the parts', async () => {
    const whole = await train(options({ out: join(root, 'whole'), workers: 1 }));
    const stop = new AbortController();
    const part = join(root, 'part');
    const steps: number[] = [];
    await train(options({ out: part }), {
      signal: stop.signal,
      onStep({ step }) {
        steps.push(step);
        if (step === 4) stop.abort();
      },
    });
    expect(steps.at(-1)).toBe(4);
    await expect(resume(part, { seed: 3 })).rejects.toThrow(/seed/);
    await expect(resume(part, { valFraction: 0.5 })).rejects.toThrow(
      /holds out some of its images for testing, and they would be others with another valFraction/,
    );
    const rest = await resume(part);
    expect(rest.last!.testLoss).toBe(whole.last!.testLoss);
    expect(rest.last!.trainLoss).toBe(whole.last!.trainLoss);
  });

  it('measures mean and deviation, weighs classes, mixes batches and balances draws', async () => {
    const out = join(root, 'mixed');
    const result = await train(
      options({
        out,
        normalize: 'dataset',
        augment: 'mixup, cutmix, flip',
        sampler: 'balanced',
        classWeights: 'wide=2,narrow=1',
        folds: 3,
        fold: 1,
      }),
    );
    expect(result.last!.trainLoss).toBeGreaterThan(0);
    const { info } = await loadCheckpoint(out, 'last');
    const { mean, std } = info.preprocessing.normalization!;
    expect(mean.every((value) => value > 0.3 && value < 0.7)).toBe(true);
    expect(std.every((value) => value > 0.1 && value < 0.5)).toBe(true);
    expect((await evaluate({ run: out, engine: 'wasm' })).count).toBe(8);
  });

  it('says what is wrong before it starts', async () => {
    await expect(train(options({ augment: 'flop' }))).rejects.toThrow(/no transform "flop"/);
    await expect(train(options({ cache: 'much' }))).rejects.toThrow(
      'option cache must be a number of bytes, such as 512MB or 2GB (it is "much")',
    );
    await expect(train(options({ classWeights: 'widde=2' }))).rejects.toThrow(
      /there is no class "widde" \(did you mean "wide"\?\)/,
    );
    await expect(train(options({ data: join(root, 'gone') }))).rejects.toThrow(/gone is not there/);
    expect(() => resolveConfig({ fold: 2 })).toThrow(/fold needs folds/);
    expect(() => resolveConfig({ folds: 2, fold: 2 })).toThrow(/counts from 0 to 1/);
    expect(() => resolveConfig({ folds: 2, valFraction: 0.1 })).toThrow(/exclude each other/);
  });
});
