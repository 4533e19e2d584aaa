import type { InitialOptions, Layer } from '../nn/index.ts';

/** Options that every classifier has. */
export interface ClassifierOptions {
  readonly classes: number;
  /** Channels of the images. */
  readonly channels: number;
  /** Height and width of the images, in pixels. */
  readonly size: number;
}

/** What the options of a model may be: a configuration file and a command line can write them. */
export type ModelOptions = Readonly<Record<string, number | boolean | string>>;

/** A row of the catalogue. */
export interface ModelEntry {
  readonly name: string;
  readonly family: string;
  readonly description: string;
  /** Its options and their defaults. */
  readonly options: ClassifierOptions & ModelOptions;
  /** How its weights start, where that isn't as its layers say. */
  readonly initial?: InitialOptions;
  /** Takes all options. */
  build(options: ClassifierOptions & ModelOptions): Layer;
}

type Widened<T> = T extends number ? number : T extends boolean ? boolean : string;

interface TypedEntry<O> extends Omit<ModelEntry, 'options' | 'build'> {
  readonly options: O & ClassifierOptions;
  build(options: { readonly [K in keyof O]: Widened<O[K]> }): Layer;
}

/** A row whose `build` knows its own options. `model` checks what it passes against the defaults. */
export const entry = <O extends ModelOptions & ClassifierOptions>(row: TypedEntry<O>): ModelEntry =>
  row as unknown as ModelEntry;
