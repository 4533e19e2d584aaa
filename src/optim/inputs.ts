import { input, type Tensor, type TensorType } from '../graph/index.ts';

/** Types of what each run is fed, by name; `x` goes into the model. */
export type InputTypes = { readonly x: TensorType } & Readonly<Record<string, TensorType>>;
export type InputTensors<I> = { readonly [K in keyof I]: Tensor };

export const inputTensors = <I extends InputTypes>(types: I): InputTensors<I> =>
  Object.fromEntries(
    Object.entries(types).map(([name, { shape, dtype }]) => [name, input(name, shape, dtype)]),
  ) as InputTensors<I>;
