import type { Tensor } from '../graph/index.ts';
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

type WithLogits = { readonly logits: Tensor };

/** How a net is trained whose loss takes more than its logits. */
export interface Training<Y extends WithLogits = WithLogits> {
  /** The net with all that its loss takes. Parameters have the same names. */
  readonly model: (x: Tensor) => Y;
  /** The scalar to be made small. `criterion` gives the loss of logits [n, classes]. */
  loss(outputs: Y, criterion: (logits: Tensor) => Tensor): Tensor;
}

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
  /** How it is trained with these options, unless by the loss of its logits. */
  training?(options: ClassifierOptions & ModelOptions): Training | undefined;
}

type Widened<T> = T extends number ? number : T extends boolean ? boolean : string;

type Given<O> = { readonly [K in keyof O]: Widened<O[K]> };

interface TypedEntry<O> extends Omit<ModelEntry, 'options' | 'build' | 'training'> {
  readonly options: O & ClassifierOptions;
  build(options: Given<O>): Layer;
  training?(options: Given<O>): Training | undefined;
}

/** A row whose `build` knows its own options. `model` checks what it passes against the defaults. */
export const entry = <O extends ModelOptions & ClassifierOptions>(row: TypedEntry<O>): ModelEntry =>
  row as unknown as ModelEntry;
