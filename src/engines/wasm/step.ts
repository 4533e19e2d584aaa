import type { Attrs, Instruction, ValueId } from '../../graph/index.ts';
import type { Activation } from './kernel.ts';

export interface StepTail {
  readonly bias: ValueId | undefined;
  readonly residual: ValueId | undefined;
  readonly activation: Activation;
}

/** One application of a kernel: an instruction, or several that were fused. */
export interface Step {
  /** The op whose kernel it is. */
  readonly op: string;
  readonly attrs: Attrs;
  readonly inputs: readonly (ValueId | undefined)[];
  readonly outputs: readonly ValueId[];
  readonly tail: StepTail | undefined;
  /** Every op that it covers. */
  readonly ops: readonly string[];
  readonly path: readonly string[];
  readonly after: ValueId | undefined;
  readonly flops: number;
  readonly hoisted: boolean;
}

/** Everything that a step reads. */
export const readsOf = ({ inputs, tail }: Step): ValueId[] =>
  [...inputs, tail?.bias, tail?.residual].filter((id) => id !== undefined);

export const stepOf = ({ op, ...rest }: Instruction): Step => ({
  op,
  ...rest,
  tail: undefined,
  ops: [op],
});
