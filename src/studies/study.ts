import type { TopLevelSpec } from 'vega-lite';
import type { ImageDataset } from '../data/index.ts';
import type { Engine } from '../engines/engine.ts';
import type { OptionName, TrainConfig } from '../train/config.ts';
import type { StudyOption } from './options.ts';

/** Options of training runs that studies take as they are. */
export type SharedOption = Extract<
  OptionName,
  'data' | 'dataDir' | 'size' | 'workers' | 'augment' | 'engine' | 'threads' | 'seed'
>;

export const dataOptions = [
  'data',
  'dataDir',
  'size',
  'workers',
] as const satisfies readonly SharedOption[];
export const engineOptions = [
  'engine',
  'threads',
  'seed',
] as const satisfies readonly SharedOption[];

/** What a study works with. */
export interface StudyContext {
  /** The options of training runs that the study takes; its `seed` decides all that is drawn. */
  readonly config: Pick<TrainConfig, SharedOption>;
  /** The engine that was asked for. It is ended by whoever runs the study. */
  engine(): Promise<Engine>;
  /** About so many images of both splits: the first of each class, as many of one as of another. */
  data(train: number, test: number): Promise<StudyData>;
  /** How far the study has come; `fields` say with what. */
  progress(done: number, total: number, fields: readonly string[]): void;
  /** An intermediate result, in one line. */
  note(text: string): void;
}

export interface StudyData {
  readonly train: ImageDataset;
  readonly test: ImageDataset;
}

export interface StudyColumn {
  /** Of the rows' values. */
  readonly key: string;
  readonly title: string;
  /** How people read its numbers; texts are left as they are. */
  readonly format?: 'plain' | 'count' | 'share' | 'decimal' | 'power' | 'compact';
}

/** `null` stands for what could not be measured: a loss that is no number. */
export type StudyRow = Readonly<Record<string, string | number | boolean | null>>;

export interface StudyResult {
  readonly columns: readonly StudyColumn[];
  readonly rows: readonly StudyRow[];
  readonly picture: TopLevelSpec;
  /** What is seen, in two or three sentences that follow from the numbers. */
  readonly findings: readonly string[];
  /** What the picture shows beyond the rows: curves. */
  readonly series?: readonly StudyRow[];
}

/** A row of the list of studies. */
export interface Study {
  readonly name: string;
  readonly summary: string;
  /** Options of training runs that it takes. */
  readonly takes: readonly SharedOption[];
  /** Its own options. */
  readonly options: Readonly<Record<string, StudyOption>>;
  run(options: Readonly<Record<string, unknown>>, context: StudyContext): Promise<StudyResult>;
}

interface TypedStudy<O extends Readonly<Record<string, StudyOption>>>
  extends Omit<Study, 'options' | 'run'> {
  readonly options: O;
  run(
    options: { readonly [K in keyof O]: O[K]['default'] },
    context: StudyContext,
  ): Promise<StudyResult>;
}

/** A row whose `run` knows its own options; `studyValues` makes them. */
export const study = <O extends Readonly<Record<string, StudyOption>>>(row: TypedStudy<O>): Study =>
  row as unknown as Study;
