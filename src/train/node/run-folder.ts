import { createHash } from 'node:crypto';
import { appendFile, mkdir, open, readdir, readFile, rm, rmdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { FormatError, UsageError } from '../../graph/errors.ts';
import { pngFromSvg } from '../../image/node/png.ts';
import { decodeCheckpoint, encodeCheckpoint } from '../checkpoint.ts';
import { curvesSvg } from '../curves.ts';
import type { Checkpoint, CheckpointName, MetricsRow, RunStore } from '../types.ts';
import { drawBatch } from './draw-batch.ts';
import { fileError, replaceFile } from './files.ts';
import { lockFolder, requireUnlocked, unlockFolder } from './run-lock.ts';

const columns = [
  'epoch',
  'step',
  'trainLoss',
  'trainAccuracy',
  'testLoss',
  'testAccuracy',
  'lr',
  'examplesPerSecond',
  'waitShare',
  'seconds',
] as const;

const csvHeader = `${columns.join(',').replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}\n`;
const csvLine = (row: MetricsRow): string =>
  row.kind === 'epoch' ? `${columns.map((column) => row[column] ?? '').join(',')}\n` : '';
const jsonLine = (row: MetricsRow): string => `${JSON.stringify(row)}\n`;

/** Everything that a run writes; `overwrite` removes these and nothing else. */
const isOurs = (name: string): boolean =>
  /^(config\.json|metrics\.jsonl|results\.csv|curves\.(svg|png)|batch0\.png|(best|last)\.(safetensors|json)|log\.txt|running\.json)(\.[0-9a-f]{8}\.part)?$/.test(
    name,
  );

/** A run folder that can be given up. While a run goes on in it, no other process may use it. */
export interface RunFolder extends RunStore {
  /** Takes away the folders that were made for a run that did not begin. */
  discard(): Promise<void>;
}

/**
 * A folder for a new run. What is in it stays until the run begins.
 *
 * @throws UsageError when it holds a run already and `overwrite` is not set
 * @throws FormatError when it cannot be written to
 */
export async function createRunFolder(folder: string, overwrite: boolean): Promise<RunFolder> {
  const made = await makeFolder(folder);
  await requireUnlocked(folder);
  const ours = (await list(folder)).filter(isOurs);
  if (ours.some((name) => !name.endsWith('.part')) && !overwrite) throw occupied(folder);
  const probe = join(folder, 'log.txt.00000000.part');
  await replaceFile(probe, []);
  await rm(probe, { force: true });
  return runStore(folder, { stale: ours, made, isNew: true });
}

/**
 * A folder for a new run: the first of `runs/<name>-1`, `runs/<name>-2`, … that is not there yet.
 *
 * @throws FormatError when it cannot be written to
 */
export async function createNumberedFolder(name: string): Promise<RunFolder> {
  for (let i = 1; ; i++) {
    const folder = join('runs', `${name}-${i}`);
    const made = await makeFolder(folder);
    if (made.length > 0) return runStore(folder, { stale: [], made, isNew: true });
  }
}

const occupied = (folder: string) =>
  new UsageError(
    `${folder} already holds a run; go on with it (--resume ${folder}), choose another --out, or replace it (--overwrite)`,
  );

const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );

/**
 * Makes a folder and those around it. Not with `recursive`: that hides why it fails, and never ends
 * in /proc.
 *
 * @returns those that were not there, the outermost first
 */
export async function makeFolder(folder: string): Promise<readonly string[]> {
  try {
    await mkdir(folder);
    return [folder];
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'EEXIST' && (await isFolder(folder))) return [];
    const parent = dirname(folder);
    if (code !== 'ENOENT' || (await isFolder(parent))) throw fileError(folder, 'created', cause);
    return [...(await makeFolder(parent)), ...(await makeFolder(folder))];
  }
}

/**
 * The folder of an earlier run.
 *
 * @throws UsageError when there is no run in it
 */
export async function openRunFolder(folder: string): Promise<RunFolder> {
  if (!(await isFolder(folder))) {
    throw new UsageError(`${folder} is not there; check the path of the run`);
  }
  const names = await list(folder);
  if (!names.includes('last.safetensors')) {
    throw new UsageError(
      `${folder} holds no run (there is no last.safetensors in it); check the path`,
    );
  }
  await requireUnlocked(folder);
  // What a killed process has left.
  const stale = names.filter((name) => isOurs(name) && name.endsWith('.part'));
  return runStore(folder, { stale, made: [], isNew: false });
}

async function list(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (cause) {
    throw fileError(folder, 'read', cause);
  }
}

interface Found {
  /** Names of files that go when the run begins. */
  readonly stale: readonly string[];
  /** Folders that were made, the outermost first. */
  readonly made: readonly string[];
  readonly isNew: boolean;
}

function runStore(location: string, { stale, made, isNew }: Found): RunFolder {
  const path = (name: string) => join(location, name);
  const append = async (name: string, text: string) => {
    try {
      await appendFile(path(name), text);
    } catch (cause) {
      throw fileError(path(name), 'written', cause);
    }
  };
  /** Of two runs that were started at once in one folder, the later one is refused. */
  const claim = async () => {
    try {
      await (await open(path('log.txt'), 'wx')).close();
    } catch (cause) {
      const taken = (cause as NodeJS.ErrnoException).code === 'EEXIST';
      throw taken ? occupied(location) : fileError(path('log.txt'), 'written', cause);
    }
  };
  const drawCurves = async (rows: readonly MetricsRow[]) => {
    const svg = await curvesSvg(rows);
    if (svg === undefined) return;
    await replaceFile(path('curves.svg'), [svg]);
    await replaceFile(path('curves.png'), [await pngFromSvg(svg)]);
  };
  let drawn = Date.now();
  return {
    location,
    async discard() {
      await unlockFolder(location);
      // Stops at the first one that somebody has put something into.
      for (const folder of made.toReversed()) if (!(await removed(folder))) return;
    },
    async begin(config, rows) {
      await Promise.all(stale.map((name) => rm(path(name), { force: true })));
      if (isNew) await claim();
      await lockFolder(location);
      await replaceFile(path('config.json'), [`${JSON.stringify(config, null, 2)}\n`]);
      await replaceFile(path('metrics.jsonl'), rows.map(jsonLine));
      await replaceFile(path('results.csv'), [csvHeader, ...rows.map(csvLine)]);
    },
    async save(name, checkpoint) {
      const parts = await encodeCheckpoint(checkpoint);
      await replaceFile(path(`${name}.safetensors`), parts);
      // For people and other programs. What counts is in the file above: a kill between the two
      // leaves a description that is one checkpoint old, and does no harm.
      const sha256 = parts.reduce((hash, part) => hash.update(part), createHash('sha256'));
      const description = { file: `${name}.safetensors`, sha256: sha256.digest('hex') };
      const json = JSON.stringify({ ...description, ...checkpoint.info }, null, 2);
      await replaceFile(path(`${name}.json`), [`${json}\n`]);
    },
    async record(row) {
      await append('metrics.jsonl', jsonLine(row));
      if (row.kind === 'epoch') await append('results.csv', csvLine(row));
    },
    async showBatch(batch) {
      await replaceFile(path('batch0.png'), [await drawBatch(batch)]);
    },
    log: (line) => append('log.txt', `${new Date().toISOString()} ${line}\n`),
    async draw(rows) {
      if (Date.now() - drawn < REDRAW_MS) return;
      drawn = Date.now();
      await drawCurves(rows);
    },
    async finish(rows) {
      await drawCurves(rows);
      await unlockFolder(location);
    },
  };
}

/** Least time between two drawings of the curves: each takes a moment from training. */
const REDRAW_MS = 15_000;

/** Whether an empty folder could be removed. */
const removed = (folder: string): Promise<boolean> =>
  rmdir(folder).then(
    () => true,
    () => false,
  );

/** Checkpoints are held in memory as a whole; larger ones than this are refused, in bytes. */
const CHECKPOINT_LIMIT = 2 ** 31;

/**
 * The checkpoint of a run folder, or that of a `.safetensors` file.
 *
 * @throws UsageError when it is not there
 * @throws FormatError when it cannot be read
 */
export async function loadCheckpoint(run: string, name: CheckpointName): Promise<Checkpoint> {
  const found = await stat(run).catch(() => undefined);
  if (found === undefined) throw new UsageError(`${run} is not there; check the path of the run`);
  const path = found.isDirectory() ? join(run, `${name}.safetensors`) : run;
  let bytes: Uint8Array;
  try {
    const { size } = await stat(path);
    if (size > CHECKPOINT_LIMIT) {
      throw new FormatError(`${path}: has ${size} bytes, more than a checkpoint may have`);
    }
    bytes = await readFile(path);
  } catch (cause) {
    if (cause instanceof FormatError) throw cause;
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') {
      const other = name === 'best' ? 'last' : 'best';
      throw new UsageError(
        `${run} holds no ${name} checkpoint; check the path of the run, or take the ${other} one`,
      );
    }
    throw fileError(path, 'read', cause);
  }
  return decodeCheckpoint(bytes, path);
}
