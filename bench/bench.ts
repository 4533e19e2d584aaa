import { type LiveLine, liveLine } from '../src/cli/live-line.ts';
import type { Precision } from '../src/graph/index.ts';
import {
  type EngineName,
  type Engines,
  engineNames,
  isChoosable,
  precisionsOf,
} from './engines.ts';
import type { Options } from './options.ts';
import type { Peaks } from './peaks.ts';
import type { Peers } from './peers/index.ts';
import { rowTable } from './report.ts';
import type { Row, SuiteName } from './rows.ts';

/** What suites work with. */
export interface Bench {
  readonly options: Options;
  readonly engines: Engines;
  /** Those of the wanted engines that work here, by what they compute in. */
  readonly entries: Readonly<Record<Precision, readonly EngineName[]>>;
  readonly peers: Peers;
  readonly peaks: Peaks;
  /** Tells the reader something beside the results. */
  warn(text: string): void;
}

/** A measurement that gives rows. `onProgress` is told the done share, 0 … 1. */
export interface Task {
  readonly name: string;
  run(onProgress: (share: number) => void): Promise<readonly Row[]>;
}

export type Suite = (bench: Bench) => readonly Task[] | Promise<readonly Task[]>;

/** Where things are shown: tables on standard output, everything else on standard error. */
export interface Screen {
  say(text: string): void;
  warn(text: string): void;
  readonly live: LiveLine;
}

export async function createScreen(json: boolean): Promise<Screen> {
  const { stdout, stderr } = process;
  const live = stderr.isTTY ? await liveLine(stderr) : { progress() {}, busy() {}, clear() {} };
  const write = (stream: NodeJS.WriteStream, text: string) => {
    live.clear();
    stream.write(`${text}\n`);
  };
  return {
    say: (text) => write(json ? stderr : stdout, text),
    warn: (text) => write(stderr, text),
    live,
  };
}

/** The wanted engines that work here, by what they compute in; says which do not work. */
export async function findEntries(
  { engines = engineNames, precisions }: Options,
  warn: (text: string) => void,
): Promise<Bench['entries']> {
  const entries: Record<Precision, EngineName[]> = { float32: [], bfloat16: [] };
  for (const name of engines) {
    const found = await precisionsOf(name);
    if (typeof found === 'string') warn(`${name} does not take part: ${found}`);
    else for (const each of found) if (precisions.includes(each)) entries[each].push(name);
  }
  return entries;
}

/** The wanted precisions that some engine computes in. */
export const precisionsIn = ({ entries }: Pick<Bench, 'entries'>): readonly Precision[] =>
  (['float32', 'bfloat16'] as const).filter((each) => entries[each].length > 0);

/** Engines for whole nets: one that users cannot choose takes part only where it was asked for. */
export const netEntries = (
  { entries, options }: Pick<Bench, 'entries' | 'options'>,
  precision: Precision,
): readonly EngineName[] =>
  entries[precision].filter((name) => isChoosable(name) || options.engines !== undefined);

/** How a task is called: a case, and the precision where it is not the usual one. */
export const taskName = (name: string, precision: Precision): string =>
  precision === 'float32' ? name : `${name}, ${precision}`;

/** Runs all tasks of a suite, shows how far it is, and then the table. */
export async function runSuite(
  name: SuiteName,
  tasks: readonly Task[],
  { say, warn, live }: Screen,
): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const [i, task] of tasks.entries()) {
    const show = (share: number) => live.progress(i + share, tasks.length, [name, task.name]);
    show(0);
    try {
      rows.push(...(await task.run(show)));
    } catch (error) {
      warn(`${name} ${task.name}: ${error instanceof Error ? error.message : error}`);
    }
  }
  live.clear();
  if (rows.length > 0) {
    const width = process.stdout.isTTY ? process.stdout.columns : undefined;
    say(['', name, ...rowTable(rows, width)].join('\n'));
  }
  return rows;
}
