import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import type { Batch } from '../../src/data/index.ts';
import { type BatchPicture, batchPicture } from '../../src/train/batch-picture.ts';
import type { Notice } from '../../src/train/index.ts';
import { drawBatch } from '../../src/train/node/draw-batch.ts';
import { train } from '../../src/train/node.ts';
import { memoryStore, stripes, trainStripes } from './tiny.ts';

/** Bytes [n, c, 4, 5] as a network gets them. */
function batchOf(n: number, c: number, { mean, std }: { mean: number[]; std: number[] }) {
  const bytes = Uint8Array.from({ length: n * c * 20 }, (_, i) => (i * 37) % 256);
  const images = Float32Array.from(bytes, (byte, i) => {
    const channel = Math.floor(i / 20) % c;
    return (byte / 255 - mean[channel]!) / std[channel]!;
  });
  const labels = Int32Array.from({ length: n }, (_, i) => i % 2);
  const batch: Batch = {
    ...{ images, labels, count: n, epoch: 0, index: 0 },
    indices: new Uint32Array(n),
    shape: [n, c, 4, 5],
  };
  return { bytes, batch };
}

const classes = ['cat', 'dog'];
const grey = { mean: [0.3], std: [0.2] };
const colour = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };

describe('batchPicture', () => {
  it('turns what the network gets into bytes again', () => {
    const { bytes, batch } = batchOf(2, 3, colour);
    const { images, captions, count } = batchPicture(batch, classes, colour);
    expect(count).toBe(2);
    expect(captions).toEqual([['cat'], ['dog']]);
    const [, second] = images;
    expect(second).toMatchObject({ width: 5, height: 4, channels: 3 });
    const pixel = (p: number) => [0, 1, 2].map((channel) => bytes[(3 + channel) * 20 + p]);
    expect([...second!.data.subarray(3 * 7, 3 * 8)]).toEqual(pixel(7));

    const plain = batchOf(1, 1, { mean: [0], std: [1] });
    const [only] = batchPicture(plain.batch, classes, undefined).images;
    expect(only).toEqual({ data: plain.bytes, width: 5, height: 4, channels: 1 });
  });

  it('shows no more than 32, and the parts of mixed labels', () => {
    const { batch } = batchOf(40, 1, grey);
    const targets = Float32Array.from({ length: 80 }, (_, i) => [0.25, 0.75, 1, 0][i % 4]!);
    const { images, captions } = batchPicture({ ...batch, targets }, classes, grey);
    expect(images).toHaveLength(32);
    expect(captions.slice(0, 2)).toEqual([['0.75 dog', '0.25 cat'], ['cat']]);
  });

  it.each([
    [40, 1, grey],
    [3, 3, colour],
    [1, 1, grey],
  ] as const)('draws %d images of %d channels', async (n, c, statistics) => {
    const { batch } = batchOf(n, c, statistics as typeof grey);
    const png = await drawBatch(
      batchPicture(batch, ['<a>&', 'b\u0000'], statistics as typeof grey),
    );
    const { format, width } = await sharp(png).metadata();
    expect(format).toBe('png');
    expect(width).toBeGreaterThan(600);
  });
});

describe('the first batch', () => {
  it('is drawn once, as the network gets it', async () => {
    const shown: BatchPicture[] = [];
    const store = {
      ...memoryStore(),
      showBatch: async (batch: BatchPicture) => void shown.push(batch),
    };
    await trainStripes({ epochs: 2, batch: 40 }, store);
    expect(shown).toHaveLength(1);
    const [{ images, captions }] = shown as [BatchPicture];
    expect(images).toHaveLength(32);
    const { images: all, labels } = stripes(40);
    const places = images.map(({ data }) =>
      labels.findIndex((_, i) => Buffer.from(data).equals(all.subarray(i * 36, (i + 1) * 36))),
    );
    expect(new Set(places).size).toBe(32);
    expect(captions).toEqual(places.map((i) => [['a', 'b', 'c'][labels[i]!]]));
  });

  it('may fail to be drawn', async () => {
    const notices: Notice[] = [];
    const showBatch = () => Promise.reject(new Error('the disk is full'));
    const store = { ...memoryStore(), showBatch };
    const result = await trainStripes({ epochs: 1 }, store, {
      onNotice: (notice) => notices.push(notice),
    });
    expect(result.epochs).toBe(1);
    const text = 'the picture of the first batch is missing: the disk is full';
    expect(notices).toEqual([{ kind: 'data', text }]);
    expect(store.lines).toContain(text);
  });

  it('lies in the run folder', async () => {
    const root = await mkdtemp(join(tmpdir(), 'fovea-batch-'));
    try {
      const data = { data: 'fashion-mnist-sample', subset: 2 } as const;
      const network = { model: 'mlp', modelOptions: { hidden: 4 }, engine: 'reference' } as const;
      const out = join(root, 'run');
      await train({ ...data, ...network, epochs: 1, batch: 20, augment: 'flip', out });
      expect(await readdir(out)).toContain('batch0.png');
      await train({ ...data, ...network, epochs: 1, batch: 20, out, overwrite: true });
      expect((await readdir(out)).filter((name) => name.endsWith('.part'))).toEqual([]);
    } finally {
      await rm(root, { recursive: true });
    }
  });
});
