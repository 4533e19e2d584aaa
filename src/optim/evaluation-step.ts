import { buildProgram, lower, optimize, type Program, type Tensor } from '../graph/index.ts';
import { namedVariables } from '../nn/index.ts';
import { useAverages } from './ema.ts';
import { type InputTensors, type InputTypes, inputTensors } from './inputs.ts';
import { collectVariables, type ProgramVariable } from './variables.ts';

export interface EvaluationStepOptions<I extends InputTypes, Y> {
  readonly model: (x: Tensor) => Y;
  readonly inputs: I;
  /**
   * What each run gives, by name. One number a sample, [n], lets the rest of a padded last batch be
   * left out.
   */
  readonly outputs: (outputs: Y, inputs: InputTensors<I>) => Record<string, Tensor>;
  /** Takes the running averages of these variables instead: `averaged` of a training step. */
  readonly averaged?: readonly string[] | undefined;
}

export interface EvaluationStep {
  readonly program: Program;
  /** All of the model, and the averages that are used. */
  readonly variables: readonly ProgramVariable[];
}

/** The program of a forward pass as in use: running statistics, no dropout, nothing updated. */
export function evaluationStep<const I extends InputTypes, Y>({
  model,
  inputs,
  outputs,
  averaged = [],
}: EvaluationStepOptions<I, Y>): EvaluationStep {
  const variables = namedVariables(model);
  const names = new Map([...variables].map(([name, tensor]) => [tensor, name]));
  const tensors = inputTensors(inputs);
  const graph = lower(outputs(model(tensors.x), tensors), 'infer');
  const program = buildProgram(optimize(useAverages(graph, variables, averaged)), names);
  return { program, variables: collectVariables(variables, averaged, [program]) };
}
