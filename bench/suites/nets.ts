import type { Precision } from '../../src/graph/index.ts';
import { type Bench, netEntries, precisionsIn, type Suite, type Task, taskName } from '../bench.ts';
import { contest, type Entrant, type Opponent, tryPrepare } from '../contest.ts';
import { type FoveaSide, inferSide, trainSide } from '../fovea.ts';
import { nets, trained } from '../nets.ts';
import { isWanted } from '../options.ts';
import type { NodePeer, NodeRequest } from '../peers/node-peer.ts';
import type { Side } from '../rounds.ts';
import { perSecond, type Row } from '../rows.ts';

/** Nets that tfjs-peer.ts can train, on its CPU backend; so slowly that a small batch must do. */
const TRAINED_BY_TFJS = ['lenet'];
const SMALL_BATCH = 16;

type NetSuite = 'train' | 'infer';

/** A side whose steps count as so many times longer. */
const scaled = (side: Side, factor: number): Side => ({
  run: async (steps) => (await side.run(steps)).map((seconds) => seconds * factor),
});

/** Peers in groups that take turns with Fovea: who is far slower would use up the others' time. */
async function opponentsOf(
  bench: Bench,
  suite: NetSuite,
  name: string,
  precision: Precision,
  outputs: readonly number[] | undefined,
): Promise<readonly (readonly Opponent[])[]> {
  const { options, peers } = bench;
  const request = { suite, case: name, threads: options.threads };
  const opponent = async (
    label: string,
    prepare: () => Promise<Side | undefined>,
  ): Promise<readonly Opponent[]> => {
    const side = await tryPrepare(bench, `${label} in ${suite} ${name}`, prepare);
    return side === undefined ? [] : [{ name: label, side }];
  };
  const torch = await opponent('torch', async () => peers.torch?.side({ ...request, precision }));
  // The others have nothing but float32.
  if (precision !== 'float32') return [torch];
  const checked = async (peer: NodePeer | undefined, more: Partial<NodeRequest>) => {
    const side = await peer?.side({ ...request, ...more });
    if (side && outputs) checkSame(side.output, outputs);
    return side;
  };
  if (suite === 'infer') {
    const onnxruntime = await opponent('onnxruntime', () => checked(peers.onnxruntime, {}));
    const tfjs = await opponent('tfjs wasm', () => checked(peers.tfjs, { backend: 'wasm' }));
    return [[...torch, ...onnxruntime, ...tfjs]];
  }
  if (!TRAINED_BY_TFJS.includes(name)) return [torch];
  const tfjs = await opponent(`tfjs cpu, batch ${SMALL_BATCH}`, async () => {
    const side = await peers.tfjs?.side({ ...request, backend: 'cpu', batch: SMALL_BATCH });
    return side && scaled(side, nets[name]!.batch / SMALL_BATCH);
  });
  return tfjs.length === 0 ? [torch] : [torch, tfjs];
}

const TOLERANCE = 1e-3;

/** A peer that computes something else must not be compared with. */
function checkSame(theirs: readonly number[], ours: readonly number[]): void {
  const scale = Math.max(...ours.map(Math.abs));
  const off = Math.max(...theirs.map((value, i) => Math.abs(value - ours[i]!)));
  if (off <= TOLERANCE * scale) return;
  throw new Error(`its result is off by ${off} where numbers reach ${scale}`);
}

async function runNet(
  bench: Bench,
  suite: NetSuite,
  name: string,
  precision: Precision,
  onProgress: (share: number) => void,
): Promise<readonly Row[]> {
  const { threads } = bench.options;
  const net = nets[name]!;
  const entrants: Omit<Entrant, 'against'>[] = [];
  const sides: FoveaSide[] = [];
  try {
    for (const engine of netEntries(bench, precision)) {
      const create = suite === 'train' ? trainSide : inferSide;
      const side = await tryPrepare(bench, `${engine} in ${suite} ${name}`, async () =>
        create({ engine: await bench.engines.get(engine, threads), precision }, net),
      );
      if (side === undefined) continue;
      sides.push(side);
      const peak = await bench.peaks.get(engine, threads, precision);
      entrants.push({
        subject: { suite, case: name, engine, precision, threads },
        side,
        // In images a second.
        peak: (1e9 * peak * net.batch) / side.flops,
      });
    }
    if (entrants.length === 0) return [];
    const logits = suite === 'infer' ? (await sides[0]?.outputs())?.logits : undefined;
    const groups = await opponentsOf(
      bench,
      suite,
      name,
      precision,
      logits && [...logits.slice(0, 100)],
    );
    const measure = perSecond(net.batch, 'images/s');
    const rows: Row[] = [];
    for (const [i, opponents] of groups.entries()) {
      const against = opponents.map((each) => each.name);
      const all = entrants.map((entrant) => ({ ...entrant, against }));
      const show = (share: number) => onProgress((i + share) / groups.length);
      rows.push(...(await contest(bench, measure, all, opponents, show)));
    }
    return rows;
  } finally {
    for (const side of sides) await side[Symbol.asyncDispose]();
  }
}

const netSuite =
  (suite: NetSuite): Suite =>
  (bench) =>
    (suite === 'train' ? trained : Object.keys(nets))
      .filter((name) => isWanted(bench.options, name))
      .flatMap((name) =>
        precisionsIn(bench).map(
          (precision): Task => ({
            name: taskName(name, precision),
            run: (onProgress) => runNet(bench, suite, name, precision, onProgress),
          }),
        ),
      );

/** Whole training steps of the book's nets. */
export const trainSuite: Suite = netSuite('train');
/** Forward passes of the same nets, as in use. */
export const inferSuite: Suite = netSuite('infer');
