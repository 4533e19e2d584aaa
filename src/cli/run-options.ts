import { Option } from 'commander';
import type { CheckpointName } from '../train/types.ts';
import { oneOf } from './options.ts';

/** Options of the commands that use a finished run. */
export interface CheckpointFlags {
  readonly checkpoint?: CheckpointName;
}

const names = ['best', 'last'] as const satisfies readonly CheckpointName[];

export const checkpointOption = (): Option =>
  new Option('--checkpoint <name>', 'best (default) or last, of a run folder').argParser(
    oneOf('--checkpoint', names),
  );
