import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Bench, Suite, Task } from '../bench.ts';
import { contest, type Entrant, tryPrepare } from '../contest.ts';
import { isChoosable } from '../engines.ts';
import { isWanted } from '../options.ts';
import { startTorchOnce } from '../peers/torch.ts';
import type { Side } from '../rounds.ts';
import { type Row, seconds } from '../rows.ts';

const script = fileURLToPath(new URL('../children/first-step.mjs', import.meta.url));
const dist = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/** Runs first-step.mjs; gives the seconds until it says that the step is done. */
async function untilFirstStep(args: readonly string[]): Promise<number> {
  const start = performance.now();
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk) => {
    said += chunk;
  });
  const time = await new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line === 'first step done') resolve((performance.now() - start) / 1000);
    });
    child.on('close', (code) => reject(new Error(`no step (exit code ${code})\n${said.trim()}`)));
  });
  if (child.exitCode === null) await new Promise((resolve) => child.once('close', resolve));
  return time;
}

async function times(steps: number, once: () => Promise<number>): Promise<readonly number[]> {
  const all: number[] = [];
  for (let i = 0; i < steps; i++) all.push(await once());
  return all;
}

const fovea = (how: string, engine: string, threads: number): Side => ({
  run: (steps) =>
    times(steps, async () => {
      const out = await mkdtemp(join(tmpdir(), 'fovea-bench-'));
      try {
        return await untilFirstStep([script, how, engine, String(threads), join(out, 'run')]);
      } finally {
        await rm(out, { recursive: true, force: true });
      }
    }),
});

const torch = (python: string, threads: number): Side => ({
  run: (steps) =>
    times(steps, async () => {
      const start = performance.now();
      await using peer = startTorchOnce(python);
      await peer.ask({ suite: 'train', case: 'lenet', steps: 1, warmup: 0, threads });
      return (performance.now() - start) / 1000;
    }),
});

const cases = { 'lenet by command line': 'cli', 'lenet by library': 'library' };

async function run(
  bench: Bench,
  name: string,
  how: string,
  onProgress: (share: number) => void,
): Promise<readonly Row[]> {
  const { threads } = bench.options;
  const { torchPython } = bench.peers;
  const entrants: Entrant[] = [];
  for (const engine of bench.entries.float32.filter(isChoosable)) {
    const side = fovea(how, engine, threads);
    const tried = await tryPrepare(bench, `${engine} in start ${name}`, () => side.run(1));
    if (tried === undefined) continue;
    const subject = { suite: 'start', case: name, engine, precision: 'float32', threads } as const;
    entrants.push({ subject, side, against: ['torch'] });
  }
  if (entrants.length === 0) return [];
  const opponents = torchPython ? [{ name: 'torch', side: torch(torchPython, threads) }] : [];
  return contest(bench, seconds, entrants, opponents, onProgress);
}

/** Time from the start of the process to the end of the first training step. */
export const startSuite: Suite = (bench) => {
  if (!existsSync(dist)) throw new Error('start: the package is not built; run npm run build');
  return Object.entries(cases)
    .filter(([name]) => isWanted(bench.options, name))
    .map(
      ([name, how]): Task => ({
        name,
        run: (onProgress) => run(bench, name, how, onProgress),
      }),
    );
};
