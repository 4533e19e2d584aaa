import { EngineError, FoveaError } from '../../graph/index.ts';
import type { PlannedStep } from './schedule.ts';

/** Does what the addon is needed for. Its errors name the op of the plan, if there is one. */
export async function guarded<T>(
  work: () => Promise<T>,
  steps: readonly PlannedStep[] = [],
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw toEngineError(error, steps);
  }
}

function toEngineError(error: unknown, steps: readonly PlannedStep[]): unknown {
  if (!(error instanceof Error) || error instanceof FoveaError) return error;
  const { step: at = -1 } = error as { step?: number };
  const step = steps[at];
  const what = step === undefined ? 'onednn' : `onednn: ${step.ops.join(' + ')}`;
  const place = step === undefined || step.path.length === 0 ? '' : ` in ${step.path.join(' › ')}`;
  return new EngineError(`${what}: ${error.message}${place}`, { cause: error });
}
