import { describe, expect, it } from 'vitest';
import type { EpochMetrics, StepInfo, TrainOptions } from '../../src/train/index.ts';
import { memoryStore, timeless, tinyEngine, tinyOptions, trainTiny } from './tiny.ts';

describe('trainNetwork', () => {
  it('learns, and reports what it does', async () => {
    const store = memoryStore();
    const steps: StepInfo[] = [];
    const epochs: EpochMetrics[] = [];
    const events: string[] = [];
    const result = await trainTiny({ epochs: 12, lr: 0.4 }, store, {
      onStart: (info) => {
        events.push('start');
        expect(info).toMatchObject({ parameters: 36 * 8 + 8 + 24 + 3, batchesPerEpoch: 3 });
      },
      onStep: (info) => steps.push(info),
      onEpoch: (metrics) => epochs.push(metrics),
      onEnd: () => events.push('end'),
    });
    expect(events).toEqual(['start', 'end']);
    expect(steps.map(({ batch }) => batch).slice(0, 4)).toEqual([1, 2, 3, 1]);
    expect(steps.map(({ step }) => step)).toEqual(Array.from({ length: 36 }, (_, i) => i + 1));
    expect(epochs.map(({ epoch }) => epoch)).toEqual(Array.from({ length: 12 }, (_, i) => i + 1));
    expect(epochs.at(-1)!.testAccuracy).toBeGreaterThan(0.9);
    expect(epochs.at(-1)!.trainLoss).toBeLessThan(epochs[0]!.trainLoss / 2);
    expect(result).toMatchObject({
      epochs: 12,
      steps: 36,
      interrupted: false,
      engine: 'reference',
    });
    expect(result.best!.testAccuracy).toBe(Math.max(...epochs.map((e) => e.testAccuracy!)));
    expect(result.diverged).toBeUndefined();
  });

  it('trains the last, shorter batch as it is', async () => {
    // Without momentum, a batch of 40 in one step is the mean over 16 + 16 + 8 of the gradients.
    const sums: number[] = [];
    await trainTiny({ epochs: 1, lr: 0 }, memoryStore(), {
      onStep: ({ trainLoss }) => sums.push(trainLoss),
    });
    const whole: number[] = [];
    await trainTiny({ epochs: 1, lr: 0, batch: 40 }, memoryStore(), {
      onStep: ({ trainLoss }) => whole.push(trainLoss),
    });
    expect(sums).toHaveLength(3);
    expect(sums[2]).toBeCloseTo(whole[0]!, 6);
  });

  it('tests alike whatever the batch', async () => {
    const test = async (batch: number) =>
      (await trainTiny({ epochs: 1, lr: 0, batch }, memoryStore())).last!;
    const [a, b] = [await test(16), await test(5)];
    expect(a.testLoss).toBeCloseTo(b.testLoss!, 6);
    expect(a.testAccuracy).toBe(b.testAccuracy);
  });

  it('tests every so many epochs, and after the last', async () => {
    const store = memoryStore();
    await trainTiny({ epochs: 5, evalEvery: 2 }, store);
    const tested = store.rows.filter((row) => 'testAccuracy' in row).map(({ epoch }) => epoch);
    expect(tested).toEqual([2, 4, 5]);
  });

  it('follows the schedule by updates', async () => {
    const rates: number[] = [];
    await trainTiny(
      { epochs: 4, schedule: 'step', stepSize: 2, gamma: 0.5, warmup: 1 },
      memoryStore(),
      {
        onStep: ({ lr }) => rates.push(lr),
      },
    );
    const expected = [0.01, 0.04, 0.07, ...Array(6).fill(0.1), ...Array(3).fill(0.05)];
    rates.forEach((lr, i) => {
      expect(lr).toBeCloseTo(expected[i]!, 10);
    });
  });

  const recipes: [string, TrainOptions][] = [
    ['plain', {}],
    [
      'momentum, dropout, averages, augmentation',
      {
        momentum: 0.9,
        nesterov: true,
        ema: 0.9,
        shift: 1,
        flip: 0.5,
        modelOptions: { hidden: 8, dropout: 0.3 },
        schedule: 'cosine',
        warmup: 1,
      },
    ],
    ['adamw, clipping, accumulation', { optimizer: 'adamw', lr: 0.01, clipNorm: 1, accumulate: 2 }],
    [
      'rmsprop',
      {
        optimizer: 'rmsprop',
        lr: 0.01,
        momentum: 0.5,
        centered: true,
        labelSmoothing: 0.1,
        clipValue: 0.1,
      },
    ],
  ];
  it('goes on with fewer batches an update than already wait for one', async () => {
    const store = memoryStore();
    await trainTiny({ epochs: 1, accumulate: 50 }, store);
    expect((await store.load('last')).info).toMatchObject({ step: 0, pending: 3 });
    await trainTiny({ epochs: 2, accumulate: 2 }, store);
    expect((await store.load('last')).info).toMatchObject({ step: 2, pending: 0 });
  });

  describe.each(recipes)('with %s', (_, recipe) => {
    const straight = async () => {
      const store = memoryStore();
      await trainTiny({ ...recipe, epochs: 4 }, store);
      return store;
    };

    it('goes on after an interruption as if there had been none', async () => {
      const whole = await straight();
      for (const after of [1, 3, 4, 8, 11, 12]) {
        const store = memoryStore();
        const controller = new AbortController();
        let steps = 0;
        const first = await trainTiny({ ...recipe, epochs: 4 }, store, {
          onStep: () => {
            if (++steps === after) controller.abort();
          },
          signal: controller.signal,
        });
        expect(first.interrupted).toBe(true);
        const second = await trainTiny({ ...recipe, epochs: 4 }, store);
        expect(second.interrupted).toBe(false);
        await expectSame(store, whole);
      }
    });

    it('goes on after a crash at any saving as if there had been none', async () => {
      const whole = await straight();
      for (const fatal of [1, 2, 4]) {
        const store = memoryStore();
        const { save } = store;
        let saves = 0;
        store.save = async (...args) => {
          if (saves++ === fatal) throw new Error('crash');
          await save(...args);
        };
        await expect(trainTiny({ ...recipe, epochs: 4 }, store)).rejects.toThrow('crash');
        store.save = save;
        await trainTiny({ ...recipe, epochs: 4 }, store);
        await expectSame(store, whole);
      }
    });
  });

  it('adds epochs to a finished run', async () => {
    const [whole, parts] = [memoryStore(), memoryStore()];
    await trainTiny({ epochs: 4 }, whole);
    await trainTiny({ epochs: 2 }, parts);
    const again = await trainTiny({ epochs: 2 }, parts);
    expect(again).toMatchObject({ epochs: 2, steps: 6 });
    await trainTiny({ epochs: 4 }, parts);
    await expectSame(parts, whole);
  });

  it('refuses a checkpoint of another network, and says how they differ', async () => {
    const store = memoryStore();
    await trainTiny({ epochs: 1, momentum: 0.9 }, store);
    await expect(
      trainTiny({ modelOptions: { hidden: 9 }, optimizer: 'adam' }, store),
    ).rejects.toThrow(
      /^memory: belongs to another network or optimiser: missing: mean\/fc1.weight, [^;]+; unexpected: momentum\/[^;]+; mismatched: fc1.weight \(float32 \[8,36\], needed float32 \[9,36\]\), /,
    );
  });

  it('notices that the loss is no longer a number', async () => {
    const store = memoryStore();
    const notices: string[] = [];
    const result = await trainTiny({ lr: 1e30, epochs: 3 }, store, {
      onNotice: ({ text }) => notices.push(text),
    });
    expect(result).toMatchObject({ diverged: 'not-finite', epochs: 3 });
    expect(notices).toEqual([expect.stringContaining('a smaller learning rate (it is 1e+30)')]);
    const resumed = await trainTiny({ lr: 1e30, epochs: 4 }, store);
    expect(resumed.last!.trainLoss).toBeNaN();
  });

  it('stops at a loss that is no number if asked, and keeps what was good', async () => {
    const store = memoryStore();
    const result = await trainTiny({ lr: 1e30, stopOnDivergence: true }, store);
    expect(result).toMatchObject({ diverged: 'not-finite', epochs: 0, interrupted: false });
    const { arrays } = await store.load('last');
    expect(arrays['fc1.weight']!.data.every(Number.isFinite)).toBe(true);
  });

  it('gives engines, variables and executables back', async () => {
    let [open, made] = [0, 0];
    const counted = <T extends AsyncDisposable>(resource: T): T => {
      open++;
      made++;
      return {
        ...resource,
        async [Symbol.asyncDispose]() {
          open--;
          await resource[Symbol.asyncDispose]();
        },
      };
    };
    const inner = tinyEngine();
    const engine = {
      ...inner,
      createVariables: async (...args: Parameters<typeof inner.createVariables>) =>
        inner.createVariables(...args).then((variables) => {
          const wrapped = counted(variables);
          originals.set(wrapped, variables);
          return wrapped;
        }),
      compile: async (...[program, variables]: Parameters<typeof inner.compile>) =>
        counted(await inner.compile(program, originals.get(variables)!)),
    };
    const originals = new Map<object, Parameters<typeof inner.compile>[1]>();
    await trainTiny(tinyOptions, memoryStore(), {}, engine);
    expect([open, made]).toEqual([0, 4]);
  });
});

async function expectSame(store: ReturnType<typeof memoryStore>, whole: typeof store) {
  for (const name of ['last', 'best']) {
    const [a, b] = [await store.load(name), await whole.load(name)];
    expect(a.arrays).toEqual(b.arrays);
    const { metrics, ...info } = a.info;
    const { metrics: otherMetrics, ...otherInfo } = b.info;
    expect(timeless(metrics)).toEqual(timeless(otherMetrics));
    expect({ ...info, config: 0 }).toEqual({ ...otherInfo, config: 0 });
  }
  expect(timeless(store.rows)).toEqual(timeless(whole.rows));
}
