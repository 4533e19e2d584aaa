import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { loadDataset } from '../../src/data/node.ts';
import { evaluate, type Notice, predict, resume, train } from '../../src/train/node.ts';

let root: string;
let run: string;
const notices: Notice[] = [];
const onNotice = (notice: Notice) => notices.push(notice);
const options = {
  model: 'mlp',
  modelOptions: { hidden: 8 },
  data: 'fashion-mnist-sample',
  subset: 3,
  batch: 10,
  epochs: 2,
  normalize: 'dataset',
  engine: 'reference',
} as const;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'fovea-train-'));
  run = join(root, 'run');
  await train({ ...options, out: run }, { onNotice });
});
afterAll(() => rm(root, { recursive: true, force: true }));

describe('train, evaluate, predict', () => {
  it('says which engine it takes', () => {
    expect(notices).toContainEqual({
      kind: 'engine',
      text: expect.stringMatching(/^reference: .* \(asked for\)$/),
    });
  });

  it('evaluates as training did', async () => {
    const { metrics, best } = JSON.parse(await readFile(join(run, 'best.json'), 'utf8'));
    const progress: number[] = [];
    const result = await evaluate({
      run,
      engine: 'reference',
      batch: 300,
      onProgress: (done) => progress.push(done),
    });
    expect(result.count).toBe(1000);
    expect(result.accuracy).toBeCloseTo(best.testAccuracy, 10);
    expect(result.loss).toBeCloseTo(metrics.at(-1).testLoss, 5);
    expect(progress).toEqual([300, 600, 900, 1000]);
    const diagonal = result.confusion.reduce((sum, row, i) => sum + row[i]!, 0);
    expect(diagonal / 1000).toBe(result.accuracy);
    for (const row of result.confusion) expect(row.reduce((a, b) => a + b)).toBe(100);
  });

  it('classifies an image file as the dataset has it', async () => {
    const test = await loadDataset('fashion-mnist-sample', 'test');
    const image = join(root, 'image.png');
    const data = Buffer.from(test.images.subarray(0, 784));
    await sharp(data, { raw: { width: 28, height: 28, channels: 1 } }).toFile(image);
    const [answers = []] = await predict({ run, images: [image], engine: 'reference', top: 10 });
    expect(answers.map(({ label }) => label).sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(answers.reduce((sum, { probability }) => sum + probability, 0)).toBeCloseTo(1, 6);
    expect(answers[0]!.probability).toBeGreaterThanOrEqual(answers[1]!.probability);
    expect(answers[0]!.class).toBe(test.classes[answers[0]!.label]);
    const [inverted] = await predict({
      run,
      images: [image],
      engine: 'reference',
      top: 10,
      invert: true,
    });
    expect(inverted).not.toEqual(answers);
  });

  it('warns of images unlike those it knows, and changes nothing by itself', async () => {
    const image = await sharp({
      create: { width: 60, height: 28, channels: 3, background: 'white' },
    })
      .png()
      .toBuffer();
    const said: string[] = [];
    await predict({
      run,
      images: [image],
      engine: 'reference',
      onNotice: ({ kind, text }) => kind === 'data' && said.push(text),
    });
    expect(said[0]).toBe('the image of 60 × 28 pixels was stretched to 28 × 28; crop it first');
    expect(said[1]).toContain('light background');
  });

  it('adds epochs', async () => {
    const result = await resume(run, { epochs: '+1' });
    expect(result).toMatchObject({ epochs: 3, interrupted: false });
    expect(JSON.parse(await readFile(join(run, 'config.json'), 'utf8'))).toMatchObject({
      epochs: 3,
      engine: 'reference',
    });
    await expect(resume(run, { epochs: '+x' as '+1' })).rejects.toThrow('"+5" adds five epochs');
  });

  it('says so when there is nothing left to do', async () => {
    const said: string[] = [];
    const result = await resume(run, {}, { onNotice: ({ text }) => said.push(text) });
    expect(result.epochs).toBeGreaterThan(1);
    expect(said).toContainEqual(expect.stringMatching(/^all \d epochs are done; --epochs \+5/));
  });

  it('evaluates on the files of the run, other datasets on their own', async () => {
    const [dataDir, out] = [join(root, 'files'), join(root, 'elsewhere')];
    const sample = fileURLToPath(new URL('../../data/fashion-mnist-sample', import.meta.url));
    await cp(sample, dataDir, { recursive: true });
    await train({ ...options, epochs: 1, dataDir, out });
    await rm(dataDir, { recursive: true });
    const missing = `data folder ${dataDir} is not there`;
    await expect(evaluate({ run: out, data: options.data })).rejects.toThrow(missing);
    vi.stubEnv('FOVEA_HOME', root);
    vi.stubGlobal('fetch', () => Promise.reject(new Error('offline')));
    try {
      await expect(evaluate({ run: out, data: 'mnist' })).rejects.toThrow('is not to be had');
    } finally {
      vi.unstubAllEnvs();
      vi.unstubAllGlobals();
    }
  });

  it('keeps the order of an epoch that is not over', async () => {
    const out = join(root, 'half');
    const controller = new AbortController();
    const result = await train(
      { ...options, out },
      { onStep: () => controller.abort(), signal: controller.signal },
    );
    expect(result).toMatchObject({ interrupted: true, epochs: 0, steps: 1 });
    await expect(resume(out, { batch: 5 })).rejects.toThrow(
      `${out} stopped in the middle of an epoch, where batch cannot change (it was 10); leave it out`,
    );
    expect(await resume(out, { lr: 0.01 })).toMatchObject({ epochs: 2, steps: 6 });
  });

  it('leaves a run alone when it cannot go on', async () => {
    const before = await readFile(join(run, 'config.json'), 'utf8');
    await expect(resume(run, { modelOptions: { hidden: 5 } })).rejects.toThrow('mismatched: fc1');
    expect(await readFile(join(run, 'config.json'), 'utf8')).toBe(before);
  });

  it.each([
    [{ model: 'lenett' }, 'there is no model "lenett" (did you mean "lenet"?)'],
    [{ modelOptions: { wide: 1 } }, 'there is no option "wide"'],
    [{ modelOptions: { classes: 5 } }, 'model option classes is 5, and the data have 10'],
    [{ data: 'mnits' }, 'unknown dataset "mnits" (did you mean "mnist"?)'],
    [{ dataDir: '/no/such/folder' }, 'data folder /no/such/folder is not there'],
    [{ engine: 'wasn' }, 'unknown engine "wasn" (did you mean "wasm"?)'],
  ])('refuses %j', async (wrong, message) => {
    const out = join(root, `refused ${JSON.stringify(wrong).length}`);
    await expect(train({ ...options, ...wrong, out })).rejects.toThrow(message);
  });

  it('refuses data that do not fit the network', async () => {
    const other = join(root, 'other.safetensors');
    await writeFile(other, 'x');
    await expect(evaluate({ run: other })).rejects.toMatchObject({ name: 'FormatError' });
    await expect(evaluate({ run, data: 'no' })).rejects.toThrow('unknown dataset');
    await expect(predict({ run, images: ['x.png'], top: 0 })).rejects.toThrow('top must be');
  });
});
