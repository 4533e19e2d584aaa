import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type FilePreparation, loader } from '../../src/data/index.ts';
import { filePool, type ImageFiles, openData } from '../../src/data/node.ts';
import { encodeImage } from '../../src/image/node/encode.ts';
import { parsePolicy } from '../../src/image/policy.ts';
import { picture } from '../augment/cases.ts';
import type { Bench, Suite } from '../bench.ts';
import { contest, type Entrant, type Opponent, tryPrepare } from '../contest.ts';
import { startLinePeer } from '../peers/line-peer.ts';
import type { Side } from '../rounds.ts';
import { perSecond, type Row } from '../rows.ts';

/** Photographs of about 500 × 375 pixels, where they have been put beside the project. */
const PHOTOGRAPHS = fileURLToPath(
  new URL('../../../shared/data/hymenoptera/train/', import.meta.url),
);
const BATCH = 32;
const normalize = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };
const preparation: FilePreparation = {
  shape: [3, 224, 224],
  steps: parsePolicy('crop(224), flip, color'),
  enough: [792, 792],
};

/** Folders like those of photographs, of one picture over and over. */
async function writeFolder(folder: string): Promise<void> {
  const bytes = await encodeImage(picture(), { format: 'jpeg' });
  for (const label of ['a', 'b']) {
    await mkdir(join(folder, label));
    for (let i = 0; i < 120; i++) await writeFile(join(folder, label, `${i}.jpg`), bytes);
  }
}

/** A step is an epoch. */
function ownSide(files: ImageFiles, workers: number, cacheBytes: number) {
  const pool = filePool({ workers, cacheBytes });
  const dataset = pool.dataset(files, preparation);
  const batches = loader(dataset, { batchSize: BATCH, shuffle: true, normalize, prefetch: 2 });
  let epoch = 0;
  const run = async (steps: number) => {
    const seconds: number[] = [];
    for (let i = 0; i < steps; i++) {
      const start = performance.now();
      for await (const _ of batches.epoch(epoch++));
      seconds.push((performance.now() - start) / 1000);
    }
    return seconds;
  };
  return { side: { run } satisfies Side, pool };
}

const script = fileURLToPath(new URL('../data/peer.py', import.meta.url));
const WAYS = ['pillow', 'pillow, then tensors', 'torchvision.io'] as const;

/** torchvision in the way that proves fastest. */
async function startOpponent(python: string, folder: string, workers: number) {
  const peers = WAYS.map((how) => ({ how, peer: startLinePeer('torchvision', python, [script]) }));
  const trials: { how: string; seconds: number; peer: (typeof peers)[number]['peer'] }[] = [];
  for (const { how, peer } of peers) {
    await peer.ask({ op: 'open', folder, workers, batch: BATCH, how });
    const { seconds } = await peer.ask({ op: 'run', steps: 3 });
    trials.push({ how, peer, seconds: Math.min(...(seconds as number[])) });
  }
  const [best, ...others] = trials.toSorted((a, b) => a.seconds - b.seconds);
  await Promise.all(others.map(({ peer }) => peer[Symbol.asyncDispose]()));
  const run = async (steps: number) =>
    (await best!.peer.ask({ op: 'run', steps })).seconds as number[];
  return { name: `torchvision ${best!.how}`, side: { run }, peer: best!.peer };
}

async function run(
  bench: Bench,
  folder: string,
  onProgress: (share: number) => void,
): Promise<readonly Row[]> {
  const { threads: workers } = bench.options;
  const { torchPython } = bench.peers;
  const files = (await (await openData(folder)).load('train')) as ImageFiles;
  const open: AsyncDisposable[] = [];
  try {
    const opponents: Opponent[] = [];
    if (torchPython !== undefined) {
      const found = await tryPrepare(bench, 'torchvision in data', () =>
        startOpponent(torchPython, folder, workers),
      );
      if (found) opponents.push(found);
      if (found) open.push(found.peer);
    }
    const entrants = [
      { engine: 'decoding', cacheBytes: 0 },
      { engine: 'from its cache', cacheBytes: 2 ** 30 },
    ].map(({ engine, cacheBytes }): Entrant => {
      const { side, pool } = ownSide(files, workers, cacheBytes);
      open.push(pool);
      return {
        subject: {
          ...{ suite: 'data', case: 'JPEG folder → batches @224', engine },
          ...{ precision: 'float32', threads: workers },
        },
        side,
        against: opponents.map(({ name }) => name),
      };
    });
    const measure = perSecond(files.length, 'images/s');
    return await contest(bench, measure, entrants, opponents, onProgress);
  } finally {
    for (const each of open) await each[Symbol.asyncDispose]();
  }
}

/** Images from JPEG files to normalised batches: cropped, flipped, jittered, by as many workers. */
export const dataSuite: Suite = (bench) => [
  {
    name: 'JPEG folder',
    async run(onProgress) {
      if (existsSync(PHOTOGRAPHS)) return run(bench, PHOTOGRAPHS, onProgress);
      const folder = await mkdtemp(join(tmpdir(), 'fovea-bench-'));
      try {
        await writeFolder(folder);
        return await run(bench, folder, onProgress);
      } finally {
        await rm(folder, { recursive: true });
      }
    },
  },
];
