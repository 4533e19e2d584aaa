import type { Image } from '../../src/image/image.ts';
import { releaseImage, workingCopy } from '../../src/image/workspace.ts';
import { type Operation, operations, picture, REQUIRED } from '../augment/cases.ts';
import type { Bench, Suite, Task } from '../bench.ts';
import { contest, type Entrant, type Opponent, tryPrepare } from '../contest.ts';
import { isWanted } from '../options.ts';
import { type ImageBackend, type ImagePeer, imageBackends } from '../peers/images.ts';
import type { Side } from '../rounds.ts';
import { perSecond, plainRow, type Row, type Subject } from '../rows.ts';

const WARM_UP = 30;

/** Steps of one of ours, whose results are handed back as a pipeline does. */
function ownSide(operation: Operation, image: Image): Side {
  const step = () => {
    const start = performance.now();
    const result = operation(image);
    const seconds = (performance.now() - start) / 1000;
    if (result) releaseImage(result);
    return seconds;
  };
  for (let i = 0; i < WARM_UP; i++) step();
  return { run: async (steps) => Array.from({ length: steps }, step) };
}

/** Seconds of a step at its best: what disturbs the machine must not choose. */
async function trial(side: Side): Promise<number> {
  const seconds = Math.min(...(await side.run(2)));
  const more = Math.min(30, Math.ceil(0.1 / seconds));
  return Math.min(seconds, ...(await side.run(more)));
}

/** The faster of torchvision's backends, and albumentations. */
async function opponentsOf(peer: ImagePeer, op: string): Promise<readonly Opponent[]> {
  const sides = await Promise.all(
    imageBackends.map(async (backend) => ({ backend, side: await peer.side(op, backend) })),
  );
  const present = sides.filter(
    (each): each is { backend: ImageBackend; side: Side } => each.side !== undefined,
  );
  const trials: (Opponent & { readonly seconds: number })[] = [];
  const others: Opponent[] = [];
  for (const { backend, side } of present) {
    if (backend === 'albumentations') others.push({ name: backend, side });
    else trials.push({ name: `torchvision ${backend}`, side, seconds: await trial(side) });
  }
  const fastest = trials.toSorted((a, b) => a.seconds - b.seconds).slice(0, 1);
  return [...fastest.map(({ name, side }) => ({ name, side })), ...others];
}

const subjectOf = (name: string, engine: string): Subject => ({
  suite: 'augment',
  case: name,
  engine,
  precision: 'uint8',
  threads: 1,
});

/** `workspace` is how a pipeline works; `array` copies an ordinary array in and out each time. */
const PLACES = ['workspace', 'array'] as const;

async function run(
  bench: Bench,
  images: Readonly<Record<(typeof PLACES)[number], Image>>,
  name: string,
  onProgress: (share: number) => void,
): Promise<readonly Row[]> {
  const peer = await tryPrepare(bench, `torchvision in augment ${name}`, bench.peers.images);
  const opponents = peer ? await opponentsOf(peer, name) : [];
  const entrants = PLACES.map(
    (place): Entrant => ({
      subject: subjectOf(name, place),
      side: ownSide(operations[name]!, images[place]),
      against: opponents.map((each) => each.name),
    }),
  );
  return contest(bench, perSecond(1, 'images/s'), entrants, opponents, onProgress);
}

const geometricMean = (values: readonly number[]): number =>
  Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);

/** Means of the rows of the cases that the acceptance names, against each peer. */
function means(rows: readonly Row[]): readonly Row[] {
  const kinds = ['torchvision', 'albumentations'];
  return PLACES.flatMap((place) =>
    kinds.flatMap((kind) => {
      const chosen = rows.filter(
        (row) => row.engine === place && row.peer?.startsWith(kind) && REQUIRED.includes(row.case),
      );
      if (chosen.length < 2) return [];
      const [value, peerValue, ratio, ratioOfBest] = (
        ['value', 'peerValue', 'ratio', 'ratioOfBest'] as const
      ).map((key) => geometricMean(chosen.map((row) => row[key]!))) as [
        number,
        number,
        number,
        number,
      ];
      const subject = subjectOf(`geometric mean of ${chosen.length}`, place);
      const row = plainRow(subject, 'images/s', value, { name: kind, value: peerValue });
      return [{ ...row, ratio, ratioOfBest }];
    }),
  );
}

/** Image operations on 512 × 512 RGB, with one thread. */
export const augmentSuite: Suite = (bench) => {
  const array = picture();
  const images = { workspace: workingCopy(array), array };
  const rows: Row[] = [];
  const tasks = Object.keys(operations)
    .filter((name) => isWanted(bench.options, name))
    .map(
      (name): Task => ({
        name,
        async run(onProgress) {
          const found = await run(bench, images, name, onProgress);
          rows.push(...found);
          return found;
        },
      }),
    );
  return [...tasks, { name: 'means', run: async () => means(rows) }];
};
