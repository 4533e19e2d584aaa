import { UsageError } from '../graph/errors.ts';
import { giveBytes } from './buffers.ts';
import { type OptionSpecs, type OptionsIn, type OptionsOut, parseOptions } from './options.ts';
import { chance, type RandomStream } from './random.ts';
import type { Target } from './target.ts';

/** What one transform drew: plain JSON, enough to do exactly the same again. */
export interface Drawn {
  readonly name: string;
  /** null when chance decided against applying it. */
  readonly parameters: unknown;
}

export interface Applied<Out = Target> {
  readonly target: Out;
  readonly drawn: Drawn;
}

/** One step of an augmentation policy. It never changes the target that it is given. */
export interface Transform<In = Target, Out = Target> {
  readonly name: string;
  /** Every option with its value, for printing. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Draws parameters and applies them. All chance comes from `random`. */
  run(target: In, random: RandomStream): Applied<Out>;
  /** Applies what `run` drew before, to the same target or to another. */
  replay(target: In, drawn: Drawn): Out;
}

/** A transform that draws all its parameters before it touches the target. */
export interface SimpleTransform<P, In = Target, Out = Target> extends Transform<In, Out> {
  /** null when chance decides against applying it. */
  draw(random: RandomStream, target: In): P | null;
  apply(target: In, parameters: P): Out;
}

export interface TransformSpec<S extends OptionSpecs, P, In = Target, Out = Target> {
  readonly name: string;
  /** One sentence. */
  readonly doc: string;
  readonly options: S;
  /** Absent when there is nothing to draw. An option `p` made by `probability` is drawn before. */
  draw?(random: RandomStream, target: In, options: OptionsOut<S>): P;
  apply(target: In, parameters: P, options: OptionsOut<S>): Out;
}

/** Makes a transform from options; carries what it was declared with. */
export interface TransformMaker<S extends OptionSpecs, P, In = Target, Out = Target> {
  (
    ...options: Record<string, never> extends OptionsIn<S> ? [OptionsIn<S>?] : [OptionsIn<S>]
  ): SimpleTransform<P, In, Out>;
  readonly spec: TransformSpec<S, P, In, Out>;
}

/** Declares a transform once: name, doc, options, how parameters are drawn and applied. */
export function defineTransform<S extends OptionSpecs, P>(
  spec: TransformSpec<S, P>,
): TransformMaker<S, P> {
  return defineTransformOf(spec, (target) => target);
}

/** As `defineTransform`, for what is not one target: `skip` gives the result when not applied. */
export function defineTransformOf<S extends OptionSpecs, P, In, Out>(
  spec: TransformSpec<S, P, In, Out>,
  skip: (target: In) => Out,
): TransformMaker<S, P, In, Out> {
  const { name } = spec;
  const maker = (given: Readonly<Record<string, unknown>> = {}): SimpleTransform<P, In, Out> => {
    const options = parseOptions(name, spec.options, given);
    const applies = spec.options.p !== undefined && 'applies' in spec.options.p;
    const p = applies ? (options.p as number) : 1;
    const draw = (random: RandomStream, target: In): P | null => {
      if (p < 1 && !chance(random, p)) return null;
      return spec.draw ? spec.draw(random, target, options) : ({} as P);
    };
    const apply = (target: In, parameters: P) => spec.apply(target, parameters, options);
    const applyOrSkip = (target: In, parameters: P | null) =>
      parameters === null ? skip(target) : apply(target, parameters);
    return {
      name,
      options,
      draw,
      apply,
      run(target, random) {
        const parameters = draw(random, target);
        return { target: applyOrSkip(target, parameters), drawn: { name, parameters } };
      },
      replay: (target, drawn) => applyOrSkip(target, parametersOf<P | null>(name, drawn)),
    };
  };
  return Object.assign(maker, { spec }) as TransformMaker<S, P, In, Out>;
}

/**
 * What a transform of this name drew.
 *
 * @throws UsageError when another one drew it
 */
export function parametersOf<P>(name: string, drawn: Drawn): P {
  if (drawn.name !== name) {
    throw new UsageError(
      `${name}: cannot replay what ${drawn.name} drew; use the policy that drew it`,
    );
  }
  return drawn.parameters as P;
}

/**
 * Hands back the pixels of `step`, which stood between `first` and `last` in a chain, unless one of
 * them shares its memory.
 */
export function releaseBetween(first: Target, step: Target, last: Target): void {
  const { data } = step.image;
  if (!overlap(data, first.image.data) && !overlap(data, last.image.data)) giveBytes(data);
}

const overlap = (a: Uint8Array, b: Uint8Array): boolean =>
  a.buffer === b.buffer &&
  a.byteOffset < b.byteOffset + b.length &&
  b.byteOffset < a.byteOffset + a.length;
