import type { Precision } from '../../src/graph/index.ts';
import { type Bench, precisionsIn, type Task, taskName } from '../bench.ts';
import { contest, type Entrant, labelOf, type Opponent, tryPrepare } from '../contest.ts';
import { type ConvCase, convCases, type Direction, directions, gigaflops } from '../conv-cases.ts';
import type { EngineName } from '../engines.ts';
import { convSide, type FoveaSide } from '../fovea.ts';
import { isWanted } from '../options.ts';
import type { Side } from '../rounds.ts';
import { perSecond, type Row } from '../rows.ts';

/** How many threads to measure with: one as well, to see what the others bring. */
const threadCounts = (name: EngineName, threads: number): readonly number[] =>
  name === 'wasm-no-relaxed' ? [1] : [...new Set([threads, 1])];

async function runCase(
  bench: Bench,
  name: string,
  row: ConvCase,
  direction: Direction,
  precision: Precision,
  onProgress: (share: number) => void,
): Promise<readonly Row[]> {
  const { options, engines, peers, peaks } = bench;
  const opponents: Opponent[] = [];
  const add = async (label: string, prepare: () => Promise<Side | undefined>) => {
    const side = await tryPrepare(bench, `${label} in conv ${name}`, prepare);
    if (side !== undefined) opponents.push({ name: label, side });
  };
  const request = { suite: 'conv', case: row } as const;
  await add('torch', async () =>
    peers.torch?.side({ ...request, precision, threads: options.threads }, direction),
  );
  if (direction === 'forward' && precision === 'float32') {
    await add('tfjs wasm', async () => peers.tfjs?.side({ ...request, backend: 'wasm' }));
  }
  const entrants: Entrant[] = [];
  const sides: FoveaSide[] = [];
  try {
    for (const engine of bench.entries[precision]) {
      for (const threads of threadCounts(engine, options.threads)) {
        const side = await tryPrepare(bench, `${engine} in conv ${name}`, async () =>
          convSide({ engine: await engines.get(engine, threads), precision }, row, direction),
        );
        if (side === undefined) continue;
        sides.push(side);
        const single = threads > 1 ? labelOf({ engine, threads: 1 }) : 'tfjs wasm';
        entrants.push({
          subject: { suite: 'conv', case: name, engine, precision, threads },
          side,
          against: threads === options.threads ? ['torch', single] : [single],
          peak: await peaks.get(engine, threads, precision),
        });
      }
    }
    if (entrants.length === 0) return [];
    const measure = perSecond(gigaflops(row), 'GFLOP/s');
    return await contest(bench, measure, entrants, opponents, onProgress);
  } finally {
    for (const side of sides) await side[Symbol.asyncDispose]();
  }
}

/** Single convolutions, in three directions. */
export const convSuite = (bench: Bench): readonly Task[] =>
  Object.entries(convCases).flatMap(([layer, row]) =>
    directions.flatMap((direction) => {
      const name = `${layer} ${direction}`;
      if (!isWanted(bench.options, name)) return [];
      return precisionsIn(bench).map((precision) => ({
        name: taskName(name, precision),
        run: (onProgress: (share: number) => void) =>
          runCase(bench, name, row, direction, precision, onProgress),
      }));
    }),
  );
