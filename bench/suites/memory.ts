import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Bench, netEntries, type Suite, type Task } from '../bench.ts';
import { tryPrepare } from '../contest.ts';
import { trained } from '../nets.ts';
import { isWanted } from '../options.ts';
import { startTorchOnce } from '../peers/torch.ts';
import { plainRow, type Row } from '../rows.ts';

const script = fileURLToPath(new URL('../children/one-step.ts', import.meta.url));
const KIB_PER_MIB = 1024;

async function ownPeak(engine: string, threads: number, net: string): Promise<number> {
  const args = ['--import', 'tsx', script, engine, String(threads), net];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return (JSON.parse(stdout) as { peakRssKiB: number }).peakRssKiB / KIB_PER_MIB;
}

async function torchPeak(python: string, threads: number, net: string): Promise<number> {
  await using peer = startTorchOnce(python);
  const answer = await peer.ask({ suite: 'train', case: net, steps: 1, warmup: 1, threads });
  return (answer.peak_rss_kib as number) / KIB_PER_MIB;
}

async function run(bench: Bench, name: string): Promise<readonly Row[]> {
  const { options, peers } = bench;
  const { threads } = options;
  const python = peers.torchPython;
  const theirs =
    python === undefined
      ? undefined
      : await tryPrepare(bench, `torch in memory ${name}`, () => torchPeak(python, threads, name));
  const peer = theirs === undefined ? undefined : { name: 'torch', value: theirs };
  const rows: Row[] = [];
  for (const engine of netEntries(bench, 'float32')) {
    const value = await tryPrepare(bench, `${engine} in memory ${name}`, () =>
      ownPeak(engine, threads, name),
    );
    if (value === undefined) continue;
    const subject = { suite: 'memory' as const, case: name, engine, precision: 'float32', threads };
    rows.push(plainRow(subject, 'MiB', value, peer));
  }
  return rows;
}

/** Peak memory of whole processes that do two training steps. */
export const memorySuite: Suite = (bench) =>
  trained
    .filter((name) => isWanted(bench.options, name))
    .map((name): Task => ({ name, run: () => run(bench, name) }));
