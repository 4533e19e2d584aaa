import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { onednnStatus } from '../../src/engines/onednn/engine.ts';
import { loadCheckpoint } from '../../src/train/node/run-folder.ts';
import { resume, type TrainOptions, train } from '../../src/train/node.ts';
import { timeless } from './tiny.ts';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'fovea-engines-'));
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

const native = onednnStatus();

/** Threads of the first and of the second part: only WASM promises the same bits for any number. */
const engines = [
  { engine: 'wasm', threads: [1, 2], works: true },
  { engine: 'onednn', threads: [2, 2], works: native.available },
] as const;

describe.each(engines)('on $engine', ({ engine, threads, works }) => {
  it('an interrupted run goes on bit for bit', async (context) => {
    if (!works) context.skip(`onednn: ${native.reason}`);
    const [whole, parts] = [join(root, `${engine}-whole`), join(root, `${engine}-parts`)];
    const notices: string[] = [];
    const onNotice = ({ text }: { readonly text: string }) => notices.push(text);
    await train({ ...options, engine, threads: 2, out: whole }, { onNotice });
    expect(notices[0]).toMatch(new RegExp(`^${engine}: .* \\(asked for\\)$`));

    const controller = new AbortController();
    const first = await train(
      { ...options, engine, out: parts, threads: threads[0] },
      {
        onStep: ({ step }) => {
          if (step === 6) controller.abort();
        },
        signal: controller.signal,
      },
    );
    expect(first).toMatchObject({ interrupted: true, steps: 6, epochs: 1 });
    await resume(parts, { threads: threads[1] });

    const [a, b] = [await loadCheckpoint(parts, 'last'), await loadCheckpoint(whole, 'last')];
    expect(a.arrays).toEqual(b.arrays);
    expect(timeless(a.info.metrics)).toEqual(timeless(b.info.metrics));
  });
});
