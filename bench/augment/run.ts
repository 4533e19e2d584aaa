// One-thread throughput of image operations against torchvision's, each side of whose two backends
// (uint8 tensors, Pillow) takes part; the faster one counts. Run with `npx tsx bench/augment/run.ts
// [part of a name …]`; FOVEA_TORCH_PYTHON names the Python that has torchvision.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { table } from '../../src/cli/table.ts';
import { giveBytes } from '../../src/image/buffers.ts';
import { type LinePeer, startLinePeer } from '../peers/line-peer.ts';
import { findTorchPython, torchRemedy } from '../peers/torch.ts';
import { short } from '../report.ts';
import { alternate, type Side } from '../rounds.ts';
import { median, type Rounds, ratioOf, summarize } from '../statistics.ts';
import { operations, picture, REQUIRED } from './cases.ts';

const BUDGET = { rounds: 7, seconds: 2.5 };
const WARM_UP = 30;

interface Result {
  readonly name: string;
  readonly ours: Rounds;
  readonly theirs: Rounds;
  readonly backend: string;
}

const image = picture();

function ourSide(name: string): Side {
  const operation = operations[name]!;
  const step = () => {
    const start = performance.now();
    const result = operation(image);
    const seconds = (performance.now() - start) / 1000;
    if (result) giveBytes(result.data);
    return seconds;
  };
  for (let i = 0; i < WARM_UP; i++) step();
  return { run: async (steps) => Array.from({ length: steps }, step) };
}

/** Torchvision's side with one of its backends, if that has the operation. */
async function theirSide(peer: LinePeer, op: string, backend: string): Promise<Side | undefined> {
  const ask = async (steps: number) => (await peer.ask({ op, backend, steps })).seconds;
  if ((await ask(3)) === null) return undefined;
  return { run: async (steps) => (await ask(steps)) as number[] };
}

async function measure(peer: LinePeer, name: string): Promise<Result> {
  const sides = [{ backend: 'fovea', side: ourSide(name) }];
  for (const backend of ['tensor', 'pillow']) {
    const side = await theirSide(peer, name, backend);
    if (side) sides.push({ backend, side });
  }
  const [ours, ...others] = await alternate(
    sides.map(({ side }) => side),
    BUDGET,
  );
  const best = others
    .map((theirs, i) => ({ theirs, backend: sides[i + 1]!.backend }))
    .reduce((a, b) => (median(b.theirs.map(median)) < median(a.theirs.map(median)) ? b : a));
  return { name, ours: ours!, ...best };
}

const geometricMean = (values: readonly number[]): number =>
  Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);

async function main(): Promise<void> {
  const python = await findTorchPython();
  if (!python) throw new Error(torchRemedy);
  const folder = await mkdtemp(join(tmpdir(), 'fovea-augment-'));
  try {
    const pixels = join(folder, 'pixels');
    await writeFile(pixels, image.data);
    const script = fileURLToPath(new URL('peer.py', import.meta.url));
    await using peer = startLinePeer('torchvision', python, [script]);
    const info = await peer.ask({ op: 'info', pixels });
    const wanted = process.argv.slice(2);
    const results: Result[] = [];
    for (const name of Object.keys(operations)) {
      if (wanted.length > 0 && !wanted.some((part) => name.includes(part))) continue;
      results.push(await measure(peer, name));
    }
    const rows = results.map(({ name, ours, theirs, backend }) => {
      const [own, other] = [summarize(ours), summarize(theirs)];
      const ratios = [ratioOf(ours, theirs), other.least / own.least];
      const cells = [1 / own.median, 1 / other.median].map(short);
      return [name, ...cells, backend, ...ratios.map((ratio) => `${ratio.toFixed(2)}×`)];
    });
    const right = { align: 'right' } as const;
    const titles = [
      { title: '512 × 512 RGB', shrink: true },
      { title: 'images/s', ...right },
      { title: 'theirs', ...right },
      { title: 'backend' },
      { title: 'ratio', ...right },
      { title: 'of best', ...right },
    ];
    console.log(`torchvision ${info.torchvision}, torch ${info.torch}, Pillow ${info.pillow}`);
    console.log(table(titles, rows).join('\n'));
    const required = results.filter(({ name }) => REQUIRED.includes(name));
    const mean = geometricMean(required.map(({ ours, theirs }) => ratioOf(ours, theirs)));
    console.log(`geometric mean of ${required.length} required: ${mean.toFixed(2)}×`);
  } finally {
    await rm(folder, { recursive: true });
  }
}

await main();
