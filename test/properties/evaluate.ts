import { interpret, type Numbers } from '../../src/engines/reference/interpret.ts';
import {
  buildProgram,
  type Lowered,
  lower,
  type Mode,
  type Tensor,
} from '../../src/graph/index.ts';

/** Runs a graph on the reference, in float64. */
export const evaluate = (
  outputs: Record<string, Tensor>,
  feeds: Numbers = {},
  variables: Numbers = {},
  mode: Mode = 'infer',
) => interpret(buildProgram(lower(outputs, mode)), feeds, variables).outputs;

/** Names of the ops that a graph comes down to, in order of execution. */
export const opsOf = (graph: Lowered): string[] =>
  buildProgram(graph).instructions.map(({ op }) => op);

/** 0, 1, 2, …: numbers that all differ. */
export const counting = (length: number): number[] => Array.from({ length }, (_, i) => i);
