import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadCheckpoint } from '../../src/train/node/run-folder.ts';
import { resume, type TrainOptions, train } from '../../src/train/node.ts';
import { timeless } from './tiny.ts';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'fovea-wasm-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

const options: TrainOptions = {
  model: 'lenet-bn',
  data: 'fashion-mnist-sample',
  subset: 20,
  batch: 64,
  epochs: 3,
  momentum: 0.9,
  ema: 0.99,
  shift: 1,
  schedule: 'cosine',
};

describe('on the WASM engine', () => {
  it('an interrupted run goes on bit for bit, on any number of threads', async () => {
    const [whole, parts] = [join(root, 'whole'), join(root, 'parts')];
    const notices: string[] = [];
    await train({ ...options, out: whole }, { onNotice: ({ text }) => notices.push(text) });
    expect(notices[0]).toMatch(/^wasm: .* \(the fastest that works here\)$/);

    const controller = new AbortController();
    const first = await train(
      { ...options, out: parts, threads: 1 },
      {
        onStep: ({ step }) => {
          if (step === 6) controller.abort();
        },
        signal: controller.signal,
      },
    );
    expect(first).toMatchObject({ interrupted: true, steps: 6, epochs: 1 });
    await resume(parts, { threads: 2 });

    const [a, b] = [await loadCheckpoint(parts, 'last'), await loadCheckpoint(whole, 'last')];
    expect(a.arrays).toEqual(b.arrays);
    expect(timeless(a.info.metrics)).toEqual(timeless(b.info.metrics));
  });
});
